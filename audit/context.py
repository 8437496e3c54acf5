"""Where the current act comes from: set by faces, tasks and the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    API = "api"
    CONSOLE = "console"
    DATA_PLANE = "data_plane"
    WORKER = "worker"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, slots=True)
class AuditContext:
    """`ip` is None where nobody dialled in; `request_id` is also in the reply and in the logs."""

    request_id: str
    source: Source
    ip: str | None = None
    user_agent: str = ""


class MissingAuditContext(RuntimeError):
    """A verb ran outside any request, task or command: wrap the caller in `acting_from`."""


_CURRENT: ContextVar[AuditContext | None] = ContextVar("audit_context", default=None)


def current() -> AuditContext:
    """The context of this act; raises rather than letting an event lose its origin."""
    context = _CURRENT.get()
    if context is None:
        raise MissingAuditContext("no audit context: wrap the call in audit.context.acting_from()")
    return context


def enter(context: AuditContext) -> None:
    """Set the context where no block can surround the act: between a worker's signals."""
    _CURRENT.set(context)


def leave() -> None:
    """Undo `enter`."""
    _CURRENT.set(None)


@contextmanager
def acting_from(context: AuditContext) -> Iterator[AuditContext]:
    """Everything recorded within the block carries this context."""
    token = _CURRENT.set(context)
    try:
        yield context
    finally:
        _CURRENT.reset(token)
