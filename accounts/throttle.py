"""How often somebody may try a secret: counters in the shared cache."""

import hashlib

from django.core.cache import cache

from kit.errors import ResourceExhausted

_WINDOW_S = 300


def require_attempts_left(purpose: str, subject: str, *, limit: int) -> None:
    """Count one attempt; raise `ResourceExhausted` past `limit` within five minutes.

    The subject (an address, an IP) is hashed: it is typed by strangers and may be anything.
    """
    digest = hashlib.sha256(subject.encode(errors="replace")).hexdigest()[:32]
    key = f"throttle:{purpose}:{digest}"
    cache.add(key, 0, timeout=_WINDOW_S)
    try:
        attempts = cache.incr(key)
    except ValueError:  # expired between the two calls
        cache.set(key, 1, timeout=_WINDOW_S)
        attempts = 1
    if attempts > limit:
        raise ResourceExhausted(
            "Too many attempts: wait five minutes, then try again.", retry_after_s=_WINDOW_S
        )
