"""How often somebody may try a secret: counters in the shared cache."""

import hashlib
from datetime import timedelta

from django.core.cache import cache

from kit.errors import ResourceExhausted

_WINDOW = timedelta(minutes=5)
_IN_WORDS = {_WINDOW: "five minutes", timedelta(hours=1): "an hour"}


class TooManyAttempts(ResourceExhausted):
    """`is_first` tells the first refusal of a window: one is worth an event, thousands are not."""

    def __init__(self, message: str, *, retry_after_s: int, is_first: bool) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.is_first = is_first


def require_attempts_left(
    purpose: str, subject: str, *, limit: int, window: timedelta = _WINDOW
) -> None:
    """Count one attempt; raise `TooManyAttempts` past `limit` within the window.

    The subject (an address, an IP) is hashed: it is typed by strangers and may be anything.
    """
    key, window_s = _key(purpose, subject), int(window.total_seconds())
    cache.add(key, 0, timeout=window_s)
    try:
        attempts = cache.incr(key)
    except ValueError:  # expired between the two calls
        cache.set(key, 1, timeout=window_s)
        attempts = 1
    if attempts > limit:
        wait = _IN_WORDS.get(window, f"{window_s} seconds")
        raise TooManyAttempts(
            f"Too many attempts: wait {wait}, then try again.",
            retry_after_s=window_s,
            is_first=attempts == limit + 1,
        )


def _key(purpose: str, subject: str) -> str:
    digest = hashlib.sha256(subject.encode(errors="replace")).hexdigest()[:32]
    return f"throttle:{purpose}:{digest}"
