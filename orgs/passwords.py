"""Replacing passwords: by the signed-in person, and by whoever gets the account's mail."""

from access.actor import Actor
from accounts.addresses import checked_email
from accounts.letters import Letter, post
from accounts.links import find_user_of_reset, subject_of_reset
from accounts.models import User
from accounts.passwords import require_good_password, verified
from accounts.queries import locked_user
from accounts.sessions import end_all
from accounts.throttle import counted_guess, forget_attempts
from audit import context
from audit.actions import Action
from kit.errors import InvalidArgument, NotFound
from orgs.account_verbs import account_verb, person, record_act, require_self, tell
from orgs.queries import grants_of
from orgs.sign_in import PASSWORD_GUESSES
from orgs.sign_up import require_letters_left
from orgs.ways_in import require_own_secrets


@account_verb(Action.USER_PASSWORD_CHANGED)
def change_password(actor: Actor, user: User, *, old: str, new: str) -> None:
    """All sessions end; the face starts a new one for whoever changed it."""
    require_self(actor, user)
    account = locked_user(user)
    with counted_guess("old-password", subject=str(user.pk), place=context.current().ip):
        if not verified(account, old):
            raise InvalidArgument("This is not your password.", field="old")
    _set(account, new)
    user.password = account.password
    end_all(account)
    record_act(actor, Action.USER_PASSWORD_CHANGED, account)
    tell(account, "Your password was changed")


def request_reset(email: str) -> None:
    """Send the link, if the address has an account; the asker learns nothing either way."""
    address = checked_email(email)
    require_letters_left("reset", address)
    post(Letter.PASSWORD_RESET, address)


def open_reset(token: str) -> User:
    """The account of a link that still works; raises `NotFound`."""
    with counted_guess("reset-link", subject=subject_of_reset(token), place=context.current().ip):
        user = find_user_of_reset(token)
        if user is None:
            raise NotFound("This link was used, or is too old: ask for a new one.")
    require_own_secrets(user.email, grants_of(user.pk))
    return user


def reset_password(token: str, *, password: str) -> User:
    """Set a new password by the link in the mail; all sessions end. Second factors stay."""
    user = open_reset(token)
    _reset(person(user), user, token=token, password=password)
    forget_attempts(f"{PASSWORD_GUESSES}-subject", user.email)
    return user


@account_verb(Action.USER_PASSWORD_RESET)
def _reset(actor: Actor, user: User, *, token: str, password: str) -> None:
    account = locked_user(user)
    if find_user_of_reset(token) is None:  # used meanwhile
        raise NotFound("This link was used, or is too old: ask for a new one.")
    require_own_secrets(account.email, grants_of(account.pk))
    _set(account, password)
    end_all(account)
    record_act(actor, Action.USER_PASSWORD_RESET, account)
    tell(account, "Your password was reset by a link in a mail")


def _set(account: User, password: str) -> None:
    require_good_password(password, email=account.email, name=account.name)
    account.set_password(password)
    account.save(update_fields=["password"])
