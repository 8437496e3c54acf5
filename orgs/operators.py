"""The people who run the installation: who they are, and when a session of theirs may act so.

Operators hold no role for it: the operator's rights reach everything there is, so they are kept
apart from what organizations decide (ADR 23).
"""

from access.actor import Actor
from access.permissions import CredentialKind
from accounts.models import User
from accounts.queries import locked_user
from audit.actions import Action
from kit.errors import FailedPrecondition
from orgs.account_verbs import account_verb, record_act, require_operator
from orgs.ways_in import WayIn


@account_verb(Action.OPERATOR_ADDED)
def add_operator(actor: Actor, user: User) -> None:
    """From the next request on the person's own sessions open the operator's pages."""
    require_operator(actor)
    account = locked_user(user)
    if not account.is_active:
        raise FailedPrecondition(f"The account {account.email} is deactivated.")
    if account.is_operator:
        return
    account.is_operator = True
    account.save(update_fields=["is_operator"])
    record_act(actor, Action.OPERATOR_ADDED, account)


@account_verb(Action.OPERATOR_REMOVED)
def remove_operator(actor: Actor, user: User) -> None:
    """Whoever is at the machine's command line can always make another one."""
    require_operator(actor)
    account = locked_user(user)
    if not account.is_operator:
        return
    account.is_operator = False
    account.save(update_fields=["is_operator"])
    record_act(actor, Action.OPERATOR_REMOVED, account)


def operators(actor: Actor) -> list[User]:
    """By address."""
    require_operator(actor)
    return list(User.objects.filter(is_operator=True).order_by("email"))


def has_operator() -> bool:
    return User.objects.filter(is_operator=True, is_active=True).exists()


def operator_actor(user: User, way: WayIn) -> Actor | None:
    """The operator behind a signed-in session; None where the person is none, or not in this one.

    A session that an identity provider vouched for is none: no tenant's provider may make somebody
    the operator of all tenants.
    """
    if not user.is_operator or way.sso_organization_id is not None:
        return None
    return Actor(CredentialKind.OPERATOR, user.pk, user.display_name)
