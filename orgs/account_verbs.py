"""The frame of acts on a person's own account: one transaction, and one event however it ends.

Accounts belong to no organization. Their events are kept within the person's first one, where its
owners look for them; those of people without any belong to nobody's.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction

from access.actor import Actor
from access.permissions import CredentialKind
from accounts.letters import Letter, post
from accounts.models import User
from accounts.throttle import TooManyAttempts
from audit import context
from audit.actions import Action
from audit.record import Target, record, record_refusal, record_unbound
from kit import clock
from kit.errors import PermissionDenied
from orgs.queries import first_organization_of
from orgs.refusals import keep_refusal
from orgs.tenancy import tenant

P = ParamSpec("P")
T = TypeVar("T")

# Every act on an account and what it records; the tests walk it.
ACCOUNT_VERBS: dict[str, Action] = {}


def account_verb(
    action: Action,
) -> Callable[[Callable[Concatenate[Actor, User, P], T]], Callable[Concatenate[Actor, User, P], T]]:
    """Run the function as one act of that name on a person's account.

    Like `orgs.verbs.verb`: the function records its success (`record_act`) in the transaction;
    whatever it raises rolls back and leaves one event, written apart. Of refusals for too many
    attempts only the first of a window is kept.
    """

    def wrap(
        function: Callable[Concatenate[Actor, User, P], T],
    ) -> Callable[Concatenate[Actor, User, P], T]:
        @functools.wraps(function)
        def act(actor: Actor, user: User, /, *args: P.args, **kwargs: P.kwargs) -> T:
            target = account_target(user)
            try:
                with _transaction_of(target):
                    return function(actor, user, *args, **kwargs)
            except Exception as error:
                if not isinstance(error, TooManyAttempts) or error.is_first:
                    keep_refusal(actor, action, target=target, error=error)
                raise

        ACCOUNT_VERBS[f"{function.__module__}.{function.__name__}"] = action
        return act

    return wrap


def require_self(actor: Actor, user: User) -> None:
    """People manage their own account; the operator may manage everybody's."""
    if not actor.is_unbounded and actor.principal_id != user.pk:
        raise PermissionDenied("Only the person may do this.")


def require_operator(actor: Actor) -> None:
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")


def record_act(actor: Actor, action: Action, user: User, /, **parameters: str) -> None:
    """The success, in the act's own transaction where the person has an organization.

    Else it is written last, on the system role's connection: if it cannot be, the act rolls back.
    """
    target = account_target(user)
    keep = record if target.organization_id else record_unbound
    keep(actor, action, target=target, **parameters)


def refuse(actor: Actor, action: Action, target: Target, error: Exception) -> None:
    if not isinstance(error, TooManyAttempts) or error.is_first:
        record_refusal(actor, action, target=target, error=error)


def account_target(user: User | None) -> Target:
    """The account, within the person's first organization: there its owners look for it."""
    # Nobody's organization is looked up too: the answer takes as long as for somebody.
    home = first_organization_of(user or User())
    if user is None:
        return Target("user", "", "", None, "")
    return Target(
        "user", str(user.pk), user.email, home.pk if home else None, home.name if home else ""
    )


def person(user: User | None) -> Actor:
    """The actor of an act on one's own account: it needs no roles.

    What was typed is not recorded where nobody is found: people type passwords into the wrong
    field.
    """
    if user is None:
        return Actor(CredentialKind.SESSION, None, "somebody unknown")
    return Actor(CredentialKind.SESSION, user.pk, user.display_name)


def tell(user: User, what: str, *, to: str = "") -> None:
    """A notice of a change that the person should know of, sent once it is committed."""
    origin = context.current()
    post(
        Letter.NOTICE, to or user.email,
        what=what, at=f"{clock.now():%-d %b %Y, %H:%M}",
        ip=origin.ip or "this machine", user_agent=origin.user_agent[:200] or "unknown",
    )  # fmt: skip


@contextmanager
def _transaction_of(target: Target) -> Iterator[None]:
    if target.organization_id is not None:
        with tenant(target.organization_id):
            yield
        return
    with transaction.atomic():
        yield
