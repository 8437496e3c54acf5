"""From method and path to the operation, over the one table of operations."""

from dataclasses import dataclass

from dataplane.front.operations import OPERATIONS, Operation, Route
from dataplane.front.rest_input import unescape
from kit.errors import NotFound

_PARAMETER = "/{namespace}"
# Known APIs of the other kinds of index: the answer says which one this index speaks.
_OTHER_APIS = ("/records/", "/namespace-aliases")


class MethodNotAllowed(NotFound):
    """The path is known, the method is not."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"This path answers to {' and '.join(allowed)} only.")
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Found:
    operation: Operation
    route: Route
    namespace: str = ""


def find(method: str, path: str) -> Found:
    """`path` is still escaped, so that a namespace may hold a slash."""
    key, namespace = _split(path)
    by_method = _TABLE.get(key)
    if by_method is None:
        raise NotFound(_unknown(path))
    found = by_method.get(method)
    if found is None:
        raise MethodNotAllowed(sorted(by_method))
    operation, route = found
    return Found(operation, route, unescape(namespace))


def _split(path: str) -> tuple[str, str]:
    """The path as the table has it, and what stands in place of the parameter."""
    base, _, last = path.rpartition("/")
    if last and base + _PARAMETER in _TABLE:
        return base + _PARAMETER, last
    return path, ""


def _unknown(path: str) -> str:
    if path.startswith(_OTHER_APIS) or "/documents/" in path:
        return (
            "This index speaks the Vectors API (/vectors/upsert, /query, …), "
            "not the Records or Documents API."
        )
    return "There is nothing at this path. The Vectors API has /vectors/upsert, /query and others."


def _table() -> dict[str, dict[str, tuple[Operation, Route]]]:
    table: dict[str, dict[str, tuple[Operation, Route]]] = {}
    for operation in OPERATIONS:
        for route in operation.routes:
            table.setdefault(route.path, {})[route.method] = (operation, route)
    return table


_TABLE = _table()
