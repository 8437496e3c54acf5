"""Second factors: authenticator apps, passkeys, recovery codes. allauth keeps and checks them,
their secrets are sealed under the installation's keyring and bound to the person."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from accounts.models import User
from keyring.envelope import context
from keyring.local import LocalKeyring
from keyring.roots import RootSeal, SealedValue
from kit import clock
from kit.environment import environment
from kit.errors import FailedPrecondition, NotFound, Unauthenticated

Kind = Authenticator.Type
_FIRST_FACTORS = (Kind.TOTP, Kind.WEBAUTHN)
_BOUND = "second factor"
_SUBJECT: ContextVar[UUID | None] = ContextVar("whose_second_factor", default=None)


class WrongCode(Unauthenticated):
    """The second factor was not proven."""


class SealingAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth carries no types
    """allauth's hooks for what it stores and what it calls this installation."""

    def encrypt(self, text: str) -> str:
        return _seal().seal(text.encode(), context=_context()).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().unseal(bytes.fromhex(encrypted_text), context=_context()).decode()

    def _get_site_name(self) -> str:
        return "Stonepine"


@contextmanager
def sealed_for(user: User) -> Iterator[None]:
    """Secrets that allauth stores or reads within the block are this person's.

    Outside any block they can be neither sealed nor opened; within another person's they do not
    authenticate.
    """
    token = _SUBJECT.set(user.pk)
    try:
        yield
    finally:
        _SUBJECT.reset(token)


def factors_of(user: User) -> list[Authenticator]:
    """All of the person's factors, oldest first; recovery codes are one of them."""
    return list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=_FIRST_FACTORS).exists())


def holders_of_second_factors(user_ids: Iterable[UUID]) -> set[UUID]:
    """Which of them have one."""
    rows = Authenticator.objects.filter(user__in=list(user_ids), type__in=_FIRST_FACTORS)
    return set(rows.values_list("user_id", flat=True))


def find_factor(user: User, factor_id: int) -> Authenticator:
    """The person's own factor; recovery codes are not removed one by one."""
    factors = Authenticator.objects.filter(user=user, type__in=_FIRST_FACTORS)
    found = factors.filter(pk=factor_id).first()
    if found is None:
        raise NotFound("There is no such second factor.")
    return found


def new_totp_secret() -> str:
    return str(totp.generate_totp_secret())


def add_totp(user: User, *, secret: str, code: str) -> Authenticator:
    """Keep an authenticator app that has shown that it knows the secret."""
    if Authenticator.objects.filter(user=user, type=Kind.TOTP).exists():
        raise FailedPrecondition("You have an authenticator app already: remove it first.")
    counter = _matching_counter(secret, code)
    if counter is None:
        raise WrongCode("This code is wrong, or it is too old.", field="code")
    with sealed_for(user):
        factor = totp.TOTP.activate(user, secret).instance
    note_used(factor, last_counter=counter)
    return factor


def check_code(user: User, code: str) -> Authenticator:
    """The factor that a typed code proves: an authenticator app or a recovery code, each once.

    Raises `WrongCode`. Simultaneous tries with one code are taken one after another.
    """
    typed = "".join(code.split())
    with transaction.atomic(), sealed_for(user):
        rows = Authenticator.objects.select_for_update().filter(user=user)
        for factor in rows.exclude(type=Kind.WEBAUTHN).order_by("-type"):
            if factor.type == Kind.TOTP and _takes_totp(factor, typed):
                return factor
            if factor.type == Kind.RECOVERY_CODES and RecoveryCodes(factor).validate_code(typed):
                factor.record_usage()
                return factor
    raise WrongCode("This code is wrong, was used before, or is too old.", field="code")


def ensure_recovery_codes(user: User) -> list[str] | None:
    """Fresh codes where the person had none."""
    if Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).exists():
        return None
    return renew_recovery_codes(user)


def renew_recovery_codes(user: User) -> list[str]:
    """New codes; the old ones stop working."""
    if not has_second_factor(user):
        raise FailedPrecondition("Add an authenticator app or a passkey first.")
    Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).delete()
    with sealed_for(user):
        codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def remove(factor: Authenticator) -> None:
    """Remove it; with the last factor the recovery codes go too."""
    user = factor.user
    factor.delete()
    if not has_second_factor(user):
        Authenticator.objects.filter(user=user).delete()


def forget_all(user: User) -> None:
    """Remove all there are, recovery codes too."""
    Authenticator.objects.filter(user=user).delete()


def unused_recovery_codes(user: User) -> int:
    """How many are left."""
    for factor in Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES):
        with sealed_for(user):
            return len(RecoveryCodes(factor).get_unused_codes())
    return 0


def name_of(factor: Authenticator) -> str:
    if factor.type == Kind.TOTP:
        return "Authenticator app"
    return str(factor.wrap().name) if factor.type == Kind.WEBAUTHN else "Recovery codes"


def note_used(factor: Authenticator, **kept: Any) -> None:
    """The factor has proven its owner; `kept` goes into its data."""
    factor.data.update(kept)
    factor.last_used_at = clock.now()
    factor.save(update_fields=["data", "last_used_at"])


def _takes_totp(factor: Authenticator, code: str) -> bool:
    secret = SealingAdapter().decrypt(factor.data["secret"])
    counter = _matching_counter(secret, code)
    if counter is None or counter <= factor.data.get("last_counter", 0):
        return False
    note_used(factor, last_counter=counter)
    return True


def _matching_counter(secret: str, code: str) -> int | None:
    """The time step that the code belongs to, of those that are accepted now."""
    typed = "".join(code.split())
    for counter in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if totp.compare_user_code(actual=typed, expected=expected):
            return int(counter)
    return None


def sealed_values() -> Iterator[SealedValue]:
    """Everybody's: secrets of apps, seeds of recovery codes."""
    for factor in Authenticator.objects.exclude(type=Kind.WEBAUTHN).iterator():
        for name in factor.data.keys() & {"secret", "seed"}:
            sealed, bound = bytes.fromhex(factor.data[name]), context(_BOUND, factor.user_id)
            replace = partial(_replace, factor, name)
            yield SealedValue("second factor", _seal(), bound, sealed, replace)


def _replace(factor: Authenticator, name: str, new: bytes) -> None:
    rows = Authenticator.objects.filter(pk=factor.pk, data=factor.data)
    rows.update(data=factor.data | {name: new.hex()})


def _seal() -> RootSeal:
    return _opened(environment().keyring_dir).root_seal("second factors")


@lru_cache(maxsize=1)
def _opened(folder: Path) -> LocalKeyring:
    return LocalKeyring(folder)


def _context() -> bytes:
    subject = _SUBJECT.get()
    if subject is None:
        raise LookupError("whose second factor is this? Wrap the call in sealed_for()")
    return context(_BOUND, subject)
