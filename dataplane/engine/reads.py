"""Reads of an open index: from what is durable and applied, in one go."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import LISTED_DEFAULT, OpenIndex, OpenNamespace
from kit.errors import NotFound, ResourceExhausted, StonepineError


def query(index: OpenIndex, request: messages.Query) -> messages.Matches:
    (answer,) = query_all(index, [request])
    if isinstance(answer, StonepineError):
        raise answer
    return answer


def query_all(
    index: OpenIndex, requests: Sequence[messages.Query]
) -> list[messages.Matches | StonepineError]:
    """Queries of one namespace; of several none waits for an LSN."""
    found = _memory(index, requests[0]).query_all(requests)
    if all(request.share is None for request in requests):
        return found
    stamp = _stamp(index.namespace(requests[0].namespace))
    return [
        one if isinstance(one, StonepineError) else msgspec.structs.replace(one, stamp=stamp)
        for one in found
    ]


def _stamp(space: OpenNamespace | None) -> str:
    return "" if space is None else f"{space.namespace_id}/{space.memory.manifest_version}"


def fetch(index: OpenIndex, request: messages.Fetch) -> messages.Records:
    return _memory(index, request).fetch(request)


def fetch_by_metadata(index: OpenIndex, request: messages.FetchByMetadata) -> messages.Records:
    return _memory(index, request).fetch_by_metadata(request)


def list_ids(index: OpenIndex, request: messages.ListIds) -> messages.Ids:
    return _memory(index, request).list_ids(request)


def describe_stats(index: OpenIndex, request: messages.DescribeStats) -> messages.Stats:
    chosen = list(_chosen(index, request.only))
    described = [space.info() for space in chosen]
    if request.filter is not None:
        counts = [space.memory.count(request.filter) for space in chosen]
        described = [
            msgspec.structs.replace(one, record_count=count)
            for one, count in zip(described, counts, strict=True)
        ]
    return messages.Stats(
        namespaces=described,
        total_count=sum(space.memory.record_count for space in chosen),
        dimension=index.spec.dimension,
        metric=str(index.spec.metric),
        vector_type=str(index.spec.vector_type),
    )


def list_namespaces(index: OpenIndex, request: messages.ListNamespaces) -> messages.Namespaces:
    """In the order of the names as they are listed; `total_count` is of all with the prefix."""
    found = sorted(
        (
            space
            for space in _chosen(index, request.only)
            if space.listed_name.startswith(request.prefix)
        ),
        key=lambda space: space.listed_name,
    )
    after = request.after_name
    rest = [space for space in found if after is None or space.listed_name > after]
    page = rest[: request.limit]
    return messages.Namespaces(
        namespaces=[space.info() for space in page],
        total_count=len(found),
        next_after_name=page[-1].listed_name if len(rest) > len(page) else None,
    )


def describe_namespace(
    index: OpenIndex, request: messages.DescribeNamespace
) -> messages.Namespaces:
    """The default namespace is always there, even before its first record."""
    space = index.namespace(request.namespace)
    if space is not None:
        return messages.Namespaces(namespaces=[space.info()], total_count=1)
    if request.namespace in ("", LISTED_DEFAULT):
        return messages.Namespaces(namespaces=[messages.NamespaceInfo("", 0)], total_count=1)
    raise NotFound("Namespace not found")


def _chosen(index: OpenIndex, only: list[str] | None) -> Iterator[OpenNamespace]:
    return (space for space in index.existing() if only is None or space.name in only)


def _memory(index: OpenIndex, request: messages.Read) -> Namespace:
    """The namespace's records; of one that does not exist there are none."""
    space = index.namespace(request.namespace)
    memory = Namespace(index.spec) if space is None else space.memory
    if request.min_lsn is not None and request.min_lsn > memory.lsn:
        raise ResourceExhausted(
            f"The namespace is at LSN {memory.lsn} here, before {request.min_lsn}: try again.",
            retry_after_s=1,
        )
    return memory


READS: dict[type[messages.Request], Callable[..., messages.Reply]] = {
    messages.Query: query,
    messages.Fetch: fetch,
    messages.FetchByMetadata: fetch_by_metadata,
    messages.ListIds: list_ids,
    messages.DescribeStats: describe_stats,
    messages.ListNamespaces: list_namespaces,
    messages.DescribeNamespace: describe_namespace,
}
