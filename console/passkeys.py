"""The ceremonies of passkeys: what the browser is asked, and checking what it answers.

allauth keeps the challenge in the session and verifies the signature; whatever is wrong with an
answer is one error here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.request import split_domain_port

from accounts.models import User
from accounts.second_factors import note_used
from kit.errors import Unauthenticated

_MALFORMED = (
    ValidationError, InvalidSignature, ValueError, TypeError, KeyError, AttributeError, IndexError,
)  # fmt: skip


def are_possible(request: HttpRequest) -> bool:
    """Browsers bind passkeys to a host name; a bare address is none."""
    host, _ = split_domain_port(request.get_host())
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def creation_options(user: User) -> str:
    """JSON for `navigator.credentials.create`: a passkey that verifies its owner."""
    return json.dumps(auth.begin_registration(user, passwordless=True))


def request_options(user: User | None = None) -> str:
    """JSON for `navigator.credentials.get`: one of the person's, or whichever the browser has."""
    return json.dumps(auth.begin_authentication(user))


def created(answer: str) -> dict[str, Any]:
    """The new credential, verified against the challenge of this session."""
    with _understood():
        credential = _parsed(answer)
        auth.parse_registration_response(credential)
        if not auth.complete_registration(credential).is_user_verified():
            raise Unauthenticated("This passkey did not check who you are.")
    return credential


def proven(answer: str, user: User | None = None) -> Authenticator:
    """The passkey that signed this session's challenge; None: its owner is who it names."""
    with _understood():
        credential = _parsed(answer)
        answered = auth.parse_authentication_response(credential).response
        # Alone it stands for both factors. The session's challenge may be one of a second step,
        # where the browser was not told to check who holds the key.
        if user is None and not answered.authenticator_data.is_user_verified():
            raise Unauthenticated("This passkey did not check who you are.")
        owner = user or auth.extract_user_from_response(credential)
        factor: Authenticator = auth.complete_authentication(owner, credential)
    if not factor.user.is_active:
        raise Unauthenticated("This passkey was not accepted.")
    note_used(factor)
    return factor


@contextmanager
def _understood() -> Iterator[None]:
    """Answers come from anybody: each way of being wrong reads the same."""
    try:
        yield
    except _MALFORMED as error:
        raise Unauthenticated("This passkey was not accepted.") from error


def _parsed(answer: str) -> dict[str, Any]:
    credential = json.loads(answer)
    if not isinstance(credential, dict):
        raise TypeError("a credential is an object")
    return credential
