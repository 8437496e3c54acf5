"""What Stonepine writes to people by mail.

A request only leaves a row for the worker, whoever the address belongs to; the worker looks the
account up and makes the link (`accounts/mailing.py`). So the request takes as long for an unknown
address as for a known one, and no secret waits anywhere.
"""

from enum import StrEnum
from urllib.parse import quote

from django.db import transaction
from django.template.loader import render_to_string

from accounts.links import Link, email_change_token, reset_token, sign_up_token
from accounts.models import PendingLetter, User
from accounts.queries import find_user_by_email, find_user_by_id
from kit.environment import environment

# By then the sweep has sent the same hint again.
_EXPIRES_S = 60


class Letter(StrEnum):
    """The kinds of mail; each is a template in `templates/mail/`, its first line the subject."""

    SIGN_UP = "sign_up"
    ADDRESS_TAKEN = "address_taken"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a letter
    EMAIL_CHANGE = "email_change"
    NOTICE = "notice"
    SSO_NOTICE = "sso_notice"
    ATTENTION = "attention"
    SUPPORT_REQUEST = "support_request"


def post(letter: Letter, to: str, *, using: str = "default", **facts: str) -> None:
    """Have the letter sent once this transaction is committed. `using` says as which role it is
    left; `facts` are never secrets."""
    from accounts.tasks import send_letter

    pending = PendingLetter(letter=letter, to=to, facts=facts)
    pending.save(using=using, force_insert=True)
    transaction.on_commit(
        lambda: send_letter.apply_async((str(pending.pk),), expires=_EXPIRES_S),
        using=using, robust=True,
    )  # fmt: skip


def written(letter: Letter, to: str, facts: dict[str, str]) -> str | None:
    """The text, its subject first; None where there is nothing to say to that address."""
    user = find_user_by_email(to)
    if letter is Letter.SIGN_UP:
        if user is not None:
            return _rendered(Letter.ADDRESS_TAKEN, link=_url("/signin"))
        return _rendered(letter, link=_link(Link.SIGN_UP, sign_up_token(to, **facts)))
    if letter is Letter.PASSWORD_RESET:
        if user is None or not user.is_active:
            return None
        return _rendered(letter, link=_url(f"/reset/{quote(reset_token(user))}"))
    if letter is Letter.EMAIL_CHANGE:
        owner = find_user_by_id(facts["user_id"])
        return _change(owner, to, is_taken=user is not None) if owner else None
    if letter is Letter.SUPPORT_REQUEST:
        return _rendered(letter, **facts, link=_url(f"/o/{facts['slug']}/settings"))
    return _rendered(letter, **facts, link=_url("/account"))


def _change(owner: User, to: str, *, is_taken: bool) -> str:
    if is_taken:
        return _rendered(Letter.ADDRESS_TAKEN, link=_url("/signin"))
    link = _link(Link.EMAIL_CHANGE, email_change_token(owner, to))
    return _rendered(Letter.EMAIL_CHANGE, link=link, email=owner.email)


def _rendered(letter: Letter, **facts: str) -> str:
    return render_to_string(f"mail/{letter}.txt", {**facts, "console": environment().base_url})


def _link(kind: Link, token: str) -> str:
    return _url(f"/verify/{kind}/{quote(token, safe=':')}")


def _url(path: str) -> str:
    return environment().base_url + path
