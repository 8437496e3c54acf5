"""Keeping refused acts: one event each, until a principal is refused so often that they are noise.

Events are kept for good, so nobody who is let in at all may write them without end.
"""

from datetime import timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError

from access.actor import Actor
from accounts.throttle import TooManyAttempts, require_attempts_left, site_of
from audit import context
from audit.actions import Action
from audit.record import Target, record_refusal
from kit.errors import StonepineError

# One a second, and room for a client that meets a row of refusals in its ordinary work.
MOST_REFUSALS = 300
_WINDOW = timedelta(minutes=5)

_log = structlog.get_logger(__name__)


def keep_refusal(
    actor: Actor, action: Action, *, target: Target, error: Exception, **parameters: Any
) -> None:
    """Record the refusal. Past the bound raise `TooManyAttempts` in its place, whose first is
    recorded; an error that is our own fault stays what it is.
    """
    try:
        _count(actor)
    except TooManyAttempts as noise:
        if noise.is_first:
            record_refusal(actor, action, target=target, error=noise, **parameters)
        if isinstance(error, StonepineError):
            raise noise from error
        return
    record_refusal(actor, action, target=target, error=error, **parameters)


def _count(actor: Actor) -> None:
    """One more of the actor's. Without the cache all are kept: the log is worth more than room."""
    if actor.is_unbounded:
        return
    # Strangers have no id: those of one place are one.
    principal = f"{actor.kind} {actor.principal_id or site_of(context.current().ip)}"
    try:
        require_attempts_left("refusals", principal, limit=MOST_REFUSALS, window=_WINDOW)
    except RedisError:
        _log.warning("refusals_not_counted", principal_id=str(actor.principal_id), exc_info=True)
