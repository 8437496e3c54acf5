"""Namespaces as people see and manage them through the console: the Vector API in their name.

Each of these acts is audited by the index's node, under the person.
"""

from urllib.parse import quote

from access.actor import Actor
from access.permissions import Permission
from indexes.asking import ask
from indexes.models import Index
from protocol import from_reply
from protocol.from_reply import Namespace, Namespaces

_MOST = 100


def list_namespaces(actor: Actor, index: Index, *, prefix: str = "", token: str = "") -> Namespaces:
    """A page of up to 100, by name; the default one is called `__default__`."""
    wanted = {"prefix": prefix, "paginationToken": token}
    query = [(name, value) for name, value in wanted.items() if value] + [("limit", str(_MOST))]
    reply = ask(actor, index, Permission.DATA_READ, ("GET", "/namespaces"), query=query)
    found: Namespaces = from_reply.read(Namespaces, reply.body)
    return found


def get_namespace(actor: Actor, index: Index, name: str) -> Namespace:
    reply = ask(actor, index, Permission.DATA_READ, ("GET", _path(name)))
    found: Namespace = from_reply.read(Namespace, reply.body)
    return found


def create_namespace(actor: Actor, index: Index, *, name: str, fields: list[str]) -> None:
    """`fields` are those that filters may name; none: every field."""
    body: dict[str, object] = {"name": name}
    if fields:
        body["schema"] = {"fields": {field: {"filterable": True} for field in fields}}
    ask(actor, index, Permission.DATA_WRITE, ("POST", "/namespaces"), body=body)


def empty_namespace(actor: Actor, index: Index, *, name: str) -> None:
    """Delete all its records; the namespace stays."""
    body = {"namespace": name, "deleteAll": True}
    ask(actor, index, Permission.DATA_WRITE, ("POST", "/vectors/delete"), body=body)


def delete_namespace(actor: Actor, index: Index, *, name: str) -> None:
    ask(actor, index, Permission.DATA_WRITE, ("DELETE", _path(name)))


def _path(name: str) -> str:
    return f"/namespaces/{quote(name, safe='')}"
