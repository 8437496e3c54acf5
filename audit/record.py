"""Recording one act: a success inside the act's own transaction, a refusal in one apart."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError

from access.actor import Actor
from audit import context
from audit.actions import Action
from audit.models import Event, Outcome
from kit.errors import ErrorCode, PermissionDenied, StonepineError
from kit.legible import legible, legible_value

_log = structlog.get_logger(__name__)
_MAX_REASON = 1000
_MAX_NAME = 512
_MAX_USER_AGENT = 400


@dataclass(frozen=True, slots=True)
class Target:
    """What an act is about, as it is called today."""

    type: str
    id: str
    name: str
    organization_id: UUID | None
    organization_name: str
    project_id: UUID | None = None


def record(actor: Actor, action: Action, *, target: Target, **parameters: Any) -> Event:
    """Write the success into the current transaction: without the event the act does not happen.

    `parameters` are JSON values and never secrets.
    """
    event = _event(actor, action, target=target, outcome=Outcome.SUCCESS, parameters=parameters)
    event.save(force_insert=True)
    return event


def record_unbound(actor: Actor, action: Action, *, target: Target, **parameters: Any) -> Event:
    """Like `record`, for acts outside any organization: written by the system role."""
    event = _event(actor, action, target=target, outcome=Outcome.SUCCESS, parameters=parameters)
    event.save(force_insert=True, using="system")
    return event


def record_refusal(
    actor: Actor, action: Action, *, target: Target, error: Exception, **parameters: Any
) -> None:
    """Write that the act was denied or failed, on the system role's own connection.

    The act's transaction is rolled back, so the event cannot be part of it. A database that cannot
    take the event is logged and does not hide the act's own error.
    """
    is_denial = isinstance(error, PermissionDenied)
    known = error if isinstance(error, StonepineError) else None
    if known is not None and "fault" in known.fields:
        parameters["fault"] = known.fields["fault"]
    event = _event(
        actor,
        action,
        target=target,
        outcome=Outcome.DENIED if is_denial else Outcome.FAILURE,
        parameters=parameters,
    )
    event.reason = legible(known.message, limit=_MAX_REASON) if known else "unexpected error"
    event.error_code = str(known.code if known else ErrorCode.INTERNAL)
    try:
        event.save(force_insert=True, using="system")
    except DatabaseError:
        _log.exception("refusal_not_recorded", action=str(action))


def _event(
    actor: Actor, action: Action, *, target: Target, outcome: Outcome, parameters: dict[str, Any]
) -> Event:
    origin = context.current()
    return Event(
        organization_id=target.organization_id,
        organization_name=legible(target.organization_name, limit=_MAX_NAME),
        project_id=target.project_id,
        action=action,
        outcome=outcome,
        actor_kind=actor.kind,
        actor_id=actor.principal_id,
        actor_name=legible(actor.display_name),
        target_type=target.type,
        target_id=target.id,
        target_name=legible(target.name, limit=_MAX_NAME),
        parameters=legible_value(parameters),
        request_id=origin.request_id,
        ip=origin.ip,
        user_agent=legible(origin.user_agent, limit=_MAX_USER_AGENT),
        source=origin.source,
    )
