"""What an authenticator app shows."""

import time

from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)

from access.actor import Actor
from accounts.models import User
from accounts.second_factors import new_totp_secret
from orgs.account_verbs import person
from orgs.second_factors import add_authenticator_app
from tests.support.waiting import wait_until

_STEP_S = 30
_LEFT_S = 3


def codes_now(secret: str) -> list[str]:
    """The codes of the step before, of this one, and of the next: all are taken.

    At the very end of a step the next one is waited for: the first code must live to be typed.
    """
    wait_until(
        lambda: time.time() % _STEP_S < _STEP_S - _LEFT_S, timeout_s=2 * _LEFT_S, what="a step"
    )
    return [
        format_hotp_value(hotp_value(secret, counter))
        for counter in yield_hotp_counters_from_time()
    ]


def with_app(user: User, actor: Actor | None = None) -> tuple[str, list[str]]:
    """Give the person an authenticator app: its secret, and the recovery codes.

    The app has shown the code of the step before, so that the codes of now are still good.
    """
    secret = new_totp_secret()
    code = codes_now(secret)[0]
    codes = add_authenticator_app(actor or person(user), user, secret=secret, code=code)
    return secret, codes or []
