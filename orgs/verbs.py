"""The frame of every verb: one transaction of one tenant, and an event when it is refused."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError

from access.actor import Actor
from audit.actions import Action
from audit.record import Target
from kit.errors import PermissionDenied
from orgs.refusals import keep_refusal
from orgs.tenancy import tenant


class Subject(Protocol):
    """What verbs act on: it belongs to one organization and can be named in the audit log."""

    @property
    def tenant_id(self) -> UUID: ...

    def audit_target(self) -> Target: ...


_log = structlog.get_logger(__name__)
P = ParamSpec("P")
S = TypeVar("S", bound=Subject)
T = TypeVar("T")

# Every verb there is and the act it records; the tests walk it.
VERBS: dict[str, Action] = {}

_IS_INSIDE: ContextVar[bool] = ContextVar("is_inside_verb", default=False)
# Of a verb's arguments only these go into the event of a refusal; others may be secrets.
_NAMED = ("name", "reason", "role", "roles", "plan")


def verb(
    action: Action,
) -> Callable[[Callable[Concatenate[Actor, S, P], T]], Callable[Concatenate[Actor, S, P], T]]:
    """Run the function as one act of that name on its subject's tenant.

    The function records its own success (`audit.record.record`) in the transaction. Whatever it
    raises rolls the transaction back and leaves exactly one event, written apart; who is refused
    over and over gets `TooManyAttempts` instead (`orgs.refusals`). A verb called by a verb is part
    of the outer act and leaves no refusal of its own.
    """

    def wrap(
        function: Callable[Concatenate[Actor, S, P], T],
    ) -> Callable[Concatenate[Actor, S, P], T]:
        @functools.wraps(function)
        def act(actor: Actor, subject: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if _IS_INSIDE.get():
                return function(actor, subject, *args, **kwargs)
            token = _IS_INSIDE.set(True)
            try:
                with tenant(subject.tenant_id):
                    return function(actor, subject, *args, **kwargs)
            except Exception as error:
                named = {name: kwargs[name] for name in _NAMED if kwargs.get(name)}
                _refuse(actor, action, subject, error=error, parameters=named)
                raise
            finally:
                _IS_INSIDE.reset(token)

        VERBS[f"{function.__module__}.{function.__name__}"] = action
        return act

    return wrap


@contextmanager
def denials_recorded(
    actor: Actor, action: Action, subject: Subject, /, **asked_for: str
) -> Iterator[None]:
    """Around what a face does before it can call the verb: finding the verb's subject.

    Whoever is denied there has tried the act all the same, and leaves the event that the verb would
    have left, about the place. `asked_for` is what was named there: `name="movies"`.
    """
    try:
        yield
    except PermissionDenied as error:
        _refuse(actor, action, subject, error=error, parameters=asked_for)
        raise


def _refuse(
    actor: Actor, action: Action, subject: Subject, *, error: Exception, parameters: dict[str, Any]
) -> None:
    try:
        with tenant(subject.tenant_id):
            target = subject.audit_target()
    except DatabaseError:
        # The database that refused the act refuses to tell about it too; the act did not happen.
        _log.exception("refusal_not_recorded", action=str(action))
        return
    shown = {
        name: value if isinstance(value, str) else [str(item) for item in value]
        for name, value in parameters.items()
    }
    keep_refusal(actor, action, target=target, error=error, **shown)
