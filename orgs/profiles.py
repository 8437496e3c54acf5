"""What people change about themselves: name, theme, e-mail address."""

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from access.actor import Actor
from accounts.addresses import checked_email
from accounts.letters import Letter, post
from accounts.links import AddressChange, read_email_change_token
from accounts.models import User
from accounts.queries import find_user, find_user_by_email, locked_user
from accounts.throttle import counted_guess
from audit import context
from audit.actions import Action
from kit.errors import AlreadyExists, InvalidArgument, NotFound
from orgs.account_verbs import account_verb, person, record_act, require_self, tell
from orgs.sign_up import require_letters_left
from orgs.ways_in import require_free_address


@account_verb(Action.USER_PROFILE_CHANGED)
def change_profile(actor: Actor, user: User, *, name: str, theme: str) -> None:
    require_self(actor, user)
    account = locked_user(user)
    account.name, account.theme = name.strip()[:200], theme
    account.save(update_fields=["name", "theme"])
    record_act(actor, Action.USER_PROFILE_CHANGED, account)


def request_email_change(user: User, email: str) -> None:
    """Send a link to the new address; nothing changes before it is followed."""
    address = checked_email(email)
    if address == user.email:
        raise InvalidArgument("This is your address already.", field="email")
    require_free_address(user.email)
    require_letters_left("change", address)
    post(Letter.EMAIL_CHANGE, address, user_id=user.pk.hex)
    tell(user, f"Somebody who is signed in asked to move your account to {address}")


def open_email_change(token: str) -> AddressChange:
    """What a link that still works would change; raises `NotFound`."""
    return _opened(token)[1]


def change_email(token: str) -> None:
    """Move the account to the address that the link proves. The old one is told."""
    user, change = _opened(token)
    _change_email(person(user), user, email=change.new)


def _opened(token: str) -> tuple[User, AddressChange]:
    with counted_guess("address-link", subject=token[:64], place=context.current().ip):
        change = read_email_change_token(token)
        user = find_user(change.user_id)
        if user is None or not user.is_active or not change.is_still_of(user):
            raise NotFound("This link was used, or is not valid any more: ask for a new one.")
    return user, change


@account_verb(Action.USER_EMAIL_CHANGED)
def _change_email(actor: Actor, user: User, *, email: str) -> None:
    account = locked_user(user)
    old = account.email
    if old != user.email:
        raise NotFound("This link was used, or is not valid any more: ask for a new one.")
    if find_user_by_email(email) is not None:
        raise AlreadyExists("An account with this e-mail address exists already.")
    require_free_address(account.email)
    require_free_address(email)
    account.email = email
    try:
        with transaction.atomic():
            account.save(update_fields=["email"])
    except IntegrityError:
        raise AlreadyExists("An account with this e-mail address exists already.") from None
    EmailAddress.objects.filter(user=account).delete()
    EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    record_act(actor, Action.USER_EMAIL_CHANGED, account, old=old, new=email)
    tell(account, f"Your account's e-mail address is {email} now", to=old)
