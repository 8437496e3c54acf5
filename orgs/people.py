"""What the operator does with people's accounts: switching them off and on again."""

from access.actor import Actor
from accounts.models import User
from accounts.queries import find_user_by_email, locked_user
from accounts.sessions import end_all
from audit.actions import Action
from kit.errors import NotFound
from orgs.account_verbs import account_verb, record_act, require_operator


def get_person(email: str) -> User:
    """For the operator's commands."""
    user = find_user_by_email(email)
    if user is None:
        raise NotFound(f"There is no account {email}.")
    return user


@account_verb(Action.USER_DEACTIVATED)
def deactivate(actor: Actor, user: User) -> None:
    """The person is signed out everywhere by the next request and cannot sign in any more."""
    require_operator(actor)
    account = locked_user(user)
    account.is_active = False
    account.save(update_fields=["is_active"])
    end_all(account)
    record_act(actor, Action.USER_DEACTIVATED, account)


@account_verb(Action.USER_REACTIVATED)
def reactivate(actor: Actor, user: User) -> None:
    require_operator(actor)
    account = locked_user(user)
    account.is_active = True
    account.save(update_fields=["is_active"])
    record_act(actor, Action.USER_REACTIVATED, account)
