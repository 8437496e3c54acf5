"""How often somebody may try a secret: counters in the shared cache, and what they allow.

Every counter's cache is the shared one: where it is down the call raises its error and the caller
answers "try again"; nobody gets free guesses. What is counted (an address, a public id, an IP
address) is hashed: strangers type it, and it may be anything.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from django.core.cache import cache

from kit.errors import ResourceExhausted, Unauthenticated

_WINDOW = timedelta(minutes=15)
_IPV6_SITE_BITS = 64
_IN_WORDS = {
    timedelta(minutes=5): "5 minutes",
    timedelta(minutes=15): "15 minutes",
    timedelta(hours=1): "an hour",
    timedelta(days=1): "a day",
}


class TooManyAttempts(ResourceExhausted):
    """`is_first` tells the first refusal of a window: one is worth an event, thousands are not."""

    def __init__(self, message: str, *, retry_after_s: int, is_first: bool) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.is_first = is_first


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many wrong guesses are taken: at one secret from one place, at one secret from
    everywhere, and from one place at all secrets of that kind. None: any number."""

    pair: int = 10
    subject: int | None = 100
    place: int = 50
    subject_window: timedelta = timedelta(hours=1)


_USUAL = Bounds()


@contextmanager
def counted_guess(
    purpose: str, *, subject: str, place: str | None, bounds: Bounds = _USUAL
) -> Iterator[None]:
    """Around one check of a secret: raises `TooManyAttempts` before it, past any of the bounds.

    The guess is counted before the check and taken back where the block ends without an error, so
    parallel guesses are bounded like one after another, and who knows the secret is not slowed.
    `subject` is what is guessed at (an account, a token's public id), `place` the client's address.
    """
    counters = _counters(purpose, subject=subject, place=place, bounds=bounds)
    for name, counted, limit, window in counters:
        require_attempts_left(name, counted, limit=limit, window=window)
    yield
    for name, counted, _limit, _window in counters:
        _take_back(_key(name, counted))


@contextmanager
def counted_failure(
    purpose: str, *, subject: str, place: str | None, bounds: Bounds = _USUAL
) -> Iterator[None]:
    """Like `counted_guess`, for secrets too long to be guessed that many machines show at once.

    Only what is found wrong is counted, so right calls side by side never stand in each other's
    way; wrong ones may pass a bound by as many as are under way.
    """
    counters = _counters(purpose, subject=subject, place=place, bounds=bounds)
    for name, counted, limit, window in counters:
        key = _key(name, counted)
        if cache.get(key, 0) >= limit:
            is_first = cache.add(f"{key}:told", 1, timeout=int(window.total_seconds()))
            raise _too_many(window, is_first=is_first)
    try:
        yield
    except Unauthenticated:
        for name, counted, _limit, window in counters:
            _count(_key(name, counted), window)
        raise


def require_attempts_left(
    purpose: str, subject: str, *, limit: int, window: timedelta = _WINDOW
) -> None:
    """Count one attempt; raise `TooManyAttempts` past `limit`.

    A counter ends `window` after the last attempt that it let pass: no stretch of that length,
    wherever it starts, holds more than `limit` attempts.
    """
    key = _key(purpose, subject)
    attempts = _count(key, window, up_to=limit)
    if attempts > limit:
        raise _too_many(window, is_first=attempts == limit + 1)


def forget_attempts(purpose: str, subject: str) -> None:
    """Start the subject's count anew: its secret was replaced by whoever owns it."""
    cache.delete(_key(purpose, subject))


def site_of(place: str | None) -> str:
    """What counts as one place: an IPv4 address, or the 64-bit network of an IPv6 one."""
    try:
        address = ip_address(place or "")
    except ValueError:
        return "local"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = int(address) >> _IPV6_SITE_BITS << _IPV6_SITE_BITS
    return f"{IPv6Address(network)}/{_IPV6_SITE_BITS}"


def _counters(
    purpose: str, *, subject: str, place: str | None, bounds: Bounds
) -> tuple[tuple[str, str, int, timedelta], ...]:
    """Name, what is counted, how many are let pass, within what time."""
    spot = site_of(place)
    found = (
        (f"{purpose}-pair", f"{spot} {subject}", bounds.pair, _WINDOW),
        (f"{purpose}-place", spot, bounds.place, _WINDOW),
    )
    if bounds.subject is None:
        return found
    return (*found, (f"{purpose}-subject", subject, bounds.subject, bounds.subject_window))


def _count(key: str, window: timedelta, *, up_to: int | None = None) -> int:
    """One more; the window starts anew unless that is past `up_to`."""
    window_s = int(window.total_seconds())
    cache.add(key, 0, timeout=window_s)
    try:
        attempts = cache.incr(key)
    except ValueError:  # expired between the two calls
        cache.set(key, 1, timeout=window_s)
        return 1
    if up_to is None or attempts <= up_to:
        cache.touch(key, timeout=window_s)
    return int(attempts)


def _too_many(window: timedelta, *, is_first: bool) -> TooManyAttempts:
    window_s = int(window.total_seconds())
    wait = _IN_WORDS.get(window, f"{window_s} seconds")
    return TooManyAttempts(
        f"Too many attempts: wait {wait}, then try again.",
        retry_after_s=window_s,
        is_first=is_first,
    )


def _take_back(key: str) -> None:
    try:
        cache.decr(key)
    except ValueError:
        return  # the window ended meanwhile


def _key(purpose: str, subject: str) -> str:
    digest = hashlib.sha256(subject.encode(errors="replace")).hexdigest()[:32]
    return f"throttle:{purpose}:{digest}"
