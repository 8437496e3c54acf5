"""One call, whichever face it came through: what its headers say, and the headers of its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from uuid import UUID

from access.network_policy import ENDPOINT_HEADER, PRIVATE, Caller
from dataplane.engine import messages
from dataplane.front.gate import Admission
from dataplane.front.requests import Target
from kit import clock
from kit.errors import InvalidArgument, PayloadTooLarge, StonepineError
from kit.ids import new_id
from kit.legible import legible
from protocol.replies import ReplyContext
from protocol.versions import NAMES, ApiVersion, parse_version
from storage.catalog import IndexRow
from storage.events import Origin

MAX_REQUEST_BYTES = 2 * 1024 * 1024
_MAX_USER_AGENT = 400
_BEARER = "Bearer "
# Callers and indexes whose names need not be read anew.
_REMEMBERED = 4096

# A header or metadata value by its lower-case name.
Header = Callable[[str], str | None]


@dataclass(slots=True)
class Call:
    """`id` stands in every answer and in every log line about the call.

    `namespace` is the one that the client asked for, whatever the engine is asked. `index` and
    `operation` say what it is about, once that is known.
    """

    id: str = field(default_factory=lambda: new_id().hex)
    started_s: float = field(default_factory=clock.monotonic_s)
    version: ApiVersion | None = None
    min_lsn: int | None = None
    namespace: str = ""
    index: IndexRow | None = None
    operation: str = ""
    _header: Header = field(default=lambda _name: None, repr=False)

    def read_options(self, header: Header) -> None:
        """Raises `InvalidArgument` for an unknown version or a malformed LSN."""
        self._header = header
        self.version = parse_version(header("x-pinecone-api-version"))
        self.min_lsn = _lsn(header("x-stonepine-min-lsn"))

    def target(self, admission: Admission) -> Target:
        index = admission.index
        return Target(index.index_id, index.dimension, self.min_lsn, index.is_pod)

    def origin(self, admission: Admission) -> Origin:
        """Who acts and from where, for the audit log: of a person, as its own request said."""
        bearer = admission.credential.bearer
        if bearer is not None:
            return Origin(
                key_id="",
                request_id=bearer.request_id,
                ip=bearer.ip,
                user_agent=bearer.user_agent,
                user_id=bearer.user_id,
                user_name=bearer.user_name,
            )
        return Origin(
            key_id=admission.credential.public_id,
            request_id=self.id,
            ip=read_address(self._header),
            user_agent=legible(self._header("user-agent") or "", limit=_MAX_USER_AGENT),
        )

    def reply_context(self) -> ReplyContext:
        return ReplyContext(self.namespace, self.version or ApiVersion.UNSTABLE)

    def headers(self, reply: messages.Reply | None = None) -> list[tuple[str, str]]:
        """Those of an answer; LSNs and the path of a query where the reply tells them."""
        elapsed_ms = (clock.monotonic_s() - self.started_s) * 1000
        found = [
            ("x-pinecone-request-id", self.id),
            ("x-pinecone-request-latency-ms", str(round(elapsed_ms))),
        ]
        if self.version is not None:
            found.append(("x-pinecone-api-version", NAMES[self.version]))
        return found + _reply_headers(reply)


def read_key(header: Header) -> str | None:
    return header("api-key") or _bearer(header("authorization"))


def read_address(header: Header) -> str | None:
    """The address that the gateway saw stands last; what stands before it is hearsay."""
    return _address((header("x-forwarded-for") or "").rsplit(",", 1)[-1].strip())


def read_caller(header: Header) -> Caller:
    """Where the gateway saw the client, and at which endpoint."""
    return Caller(read_address(header), header(ENDPOINT_HEADER) == PRIVATE)


def read_index(header: Header, in_path: UUID | None) -> UUID | None:
    """The index that the gateway names in a header, or on the base port the path.

    None where they contradict each other: an index's own authority serves no other index.
    """
    value = header("x-stonepine-index")
    if value is None:
        return in_path
    named = _uuid(value)
    return named if in_path in (None, named) else None


def check_size(size: int) -> None:
    if size > MAX_REQUEST_BYTES:
        raise PayloadTooLarge(
            f"Request size {size} bytes exceeds the limit of {MAX_REQUEST_BYTES} bytes."
        )


def error_headers(error: StonepineError) -> list[tuple[str, str]]:
    return [] if error.retry_after_s is None else [("retry-after", str(error.retry_after_s))]


def _reply_headers(reply: messages.Reply | None) -> list[tuple[str, str]]:
    if isinstance(reply, messages.Written) and reply.lsn is not None:
        lsn = str(reply.lsn)
        return [("x-pinecone-request-lsn", lsn), ("x-pinecone-lsn-committed", lsn)]
    if isinstance(reply, messages.Matches | messages.Records | messages.Ids):
        lsn = str(reply.max_indexed_lsn)
        found = [("x-pinecone-max-indexed-lsn", lsn), ("x-pinecone-lsn-reconciled", lsn)]
        if isinstance(reply, messages.Matches) and reply.path:
            found.append(("x-stonepine-path", reply.path))
        return found
    return []


def _bearer(value: str | None) -> str | None:
    return value[len(_BEARER) :] if value and value.startswith(_BEARER) else None


@lru_cache(maxsize=_REMEMBERED)
def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _lsn(value: str | None) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise InvalidArgument("x-stonepine-min-lsn must be an LSN: a whole number.")
    return int(value)
