"""What a REST request brings: its path (with the index's prefix), its query and its body."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote
from uuid import UUID

from kit.errors import InvalidArgument, NotFound

_PREFIX = "/i/"
_MAX_FIELDS = 2000


@dataclass(slots=True)
class RestInput:
    """`namespace` is the one of the path; query values are read by name."""

    query: dict[str, list[str]]
    namespace: str = ""
    body: bytes = field(default=b"", repr=False)

    def text(self, name: str) -> str:
        """The value, "" where it is missing; twice the same name is refused."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise InvalidArgument(f"{name} stands in the query string more than once.")
        return values[0] if values else ""

    def texts(self, name: str) -> list[str]:
        return self.query.get(name, [])

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.removeprefix("-").isdigit()) or len(text) > 20:
            raise InvalidArgument(f"{name} must be a whole number; it is {text[:40]!r}.")
        return int(text)


def split_index_prefix(raw_path: bytes) -> tuple[UUID | None, str]:
    """The index that `/i/<index id>` names, if any, and the rest of the path, still escaped.

    Clients that were given a host with a trailing slash send two: one is as good as two.
    """
    path = "/" + raw_path.decode("latin-1").lstrip("/")
    if not path.startswith(_PREFIX):
        return None, path
    name, _, rest = path[len(_PREFIX) :].partition("/")
    try:
        return UUID(name), "/" + rest.lstrip("/")
    except ValueError:
        raise NotFound("Index not found.") from None


def read_query(query_string: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except UnicodeError:
        raise InvalidArgument("The query string is not valid UTF-8.") from None
    except ValueError:
        raise InvalidArgument(f"The query string has more than {_MAX_FIELDS} fields.") from None


def unescape(segment: str) -> str:
    """One segment of a path as text."""
    try:
        return unquote(segment, errors="strict")
    except UnicodeError:
        raise InvalidArgument("The path is not valid UTF-8.") from None
