"""Every operation of the data plane, once: its right, its routes, its way in and its way out."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from access.permissions import Permission
from dataplane.engine import messages
from dataplane.front import requests
from dataplane.front.requests import Target
from dataplane.front.rest_input import RestInput
from protocol import forms, from_json, from_proto, to_json, to_proto
from protocol.replies import ReplyContext
from storage import events


@dataclass(frozen=True, slots=True)
class Route:
    """`path` may hold one `{namespace}` segment; `read` takes what REST brought into the form, as
    does `read_in_pieces`, with a pause after each."""

    method: str
    path: str
    read: Callable[[RestInput], Any]
    read_in_pieces: Callable[[RestInput], Generator[None, None, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is the gRPC method. The form and the reply of one operation fit its own functions.

    `action` gives for a form the name of the audited act, "" where it is none; None where no form
    of the operation is one. `by_hand` is the act's name where a person writes records: keys write
    many, and the log keeps them; what people change leaves an event.
    """

    name: str
    permission: Permission
    routes: tuple[Route, ...]
    from_proto: Callable[[bytes], Any]
    check: Callable[[Any, Target], messages.Request]
    to_json: Callable[[Any, ReplyContext], bytes]
    to_proto: Callable[[Any, ReplyContext], bytes]
    action: Callable[[Any], str] | None = None
    by_hand: str = ""

    @property
    def is_write(self) -> bool:
        return self.permission is Permission.DATA_WRITE

    def act_of(self, form: Any, *, is_by_hand: bool) -> str:
        """The name of the act that the form asks for, "" where it is not audited."""
        named = "" if self.action is None else self.action(form)
        return named or (self.by_hand if is_by_hand else "")


def _body(read: Callable[[bytes], Any]) -> Callable[[RestInput], Any]:
    return lambda rest: read(rest.body)


def _fetch(rest: RestInput) -> forms.FetchForm:
    return forms.FetchForm(rest.text("namespace"), rest.texts("ids"))


def _list_ids(rest: RestInput) -> forms.ListForm:
    return forms.ListForm(
        rest.text("namespace"), rest.text("prefix"), rest.number("limit"),
        rest.text("paginationToken"),
    )  # fmt: skip


def _list_namespaces(rest: RestInput) -> forms.ListNamespacesForm:
    return forms.ListNamespacesForm(
        rest.text("prefix"), rest.number("limit"), rest.text("paginationToken")
    )


def _no_filter(_rest: RestInput) -> forms.StatsForm:
    return forms.StatsForm()


def _namespace(rest: RestInput) -> forms.NamespaceForm:
    return forms.NamespaceForm(rest.namespace)


def _emptied(form: forms.DeleteForm) -> str:
    return events.NAMESPACE_EMPTIED if form.is_all else ""


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "Upsert", Permission.DATA_WRITE,
        (
            Route(
                "POST", "/vectors/upsert",
                _body(from_json.upsert), _body(from_json.upsert_in_pieces),
            ),
        ),
        from_proto.upsert, requests.upsert, to_json.upserted, to_proto.upserted,
        by_hand=events.RECORDS_UPSERTED,
    ),
    Operation(
        "Query", Permission.DATA_READ,
        (Route("POST", "/query", _body(from_json.query)),),
        from_proto.query, requests.query, to_json.matches, to_proto.matches,
    ),
    Operation(
        "Fetch", Permission.DATA_READ,
        (Route("GET", "/vectors/fetch", _fetch),),
        from_proto.fetch, requests.fetch, to_json.fetched, to_proto.fetched,
    ),
    Operation(
        "FetchByMetadata", Permission.DATA_READ,
        (Route("POST", "/vectors/fetch_by_metadata", _body(from_json.fetch_by_metadata)),),
        from_proto.fetch_by_metadata, requests.fetch_by_metadata,
        to_json.fetched_page, to_proto.fetched_page,
    ),
    Operation(
        "List", Permission.DATA_READ,
        (Route("GET", "/vectors/list", _list_ids),),
        from_proto.list_ids, requests.list_ids, to_json.listed, to_proto.listed,
    ),
    Operation(
        "Update", Permission.DATA_WRITE,
        (Route("POST", "/vectors/update", _body(from_json.update)),),
        from_proto.update, requests.update, to_json.updated, to_proto.updated,
        by_hand=events.RECORDS_UPDATED,
    ),
    Operation(
        "Delete", Permission.DATA_WRITE,
        (
            Route("POST", "/vectors/delete", _body(from_json.delete)),
            Route("DELETE", "/vectors/delete", _body(from_json.delete)),
        ),
        from_proto.delete, requests.delete, to_json.done, to_proto.done, _emptied,
        events.RECORDS_DELETED,
    ),
    Operation(
        "DescribeIndexStats", Permission.DATA_READ,
        (
            Route("POST", "/describe_index_stats", _body(from_json.stats)),
            Route("GET", "/describe_index_stats", _no_filter),
        ),
        from_proto.stats, requests.stats, to_json.stats, to_proto.stats,
    ),
    Operation(
        "ListNamespaces", Permission.DATA_READ,
        (Route("GET", "/namespaces", _list_namespaces),),
        from_proto.list_namespaces, requests.list_namespaces,
        to_json.namespaces, to_proto.namespaces,
    ),
    Operation(
        "CreateNamespace", Permission.DATA_WRITE,
        (Route("POST", "/namespaces", _body(from_json.create_namespace)),),
        from_proto.create_namespace, requests.create_namespace,
        to_json.namespace, to_proto.namespace, lambda _form: events.NAMESPACE_CREATED,
    ),
    Operation(
        "DescribeNamespace", Permission.DATA_READ,
        (Route("GET", "/namespaces/{namespace}", _namespace),),
        from_proto.describe_namespace, requests.describe_namespace,
        to_json.namespace, to_proto.namespace,
    ),
    Operation(
        "DeleteNamespace", Permission.DATA_WRITE,
        (Route("DELETE", "/namespaces/{namespace}", _namespace),),
        from_proto.delete_namespace, requests.delete_namespace, to_json.done, to_proto.done,
        lambda _form: events.NAMESPACE_DELETED,
    ),
)  # fmt: skip
