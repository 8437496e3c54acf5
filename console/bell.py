"""How many notices wait for a person: kept for a moment, because every page shows it."""

from contextlib import suppress

from django.core.cache import cache
from redis.exceptions import RedisError

from console.visit import Visit
from notices.queries import notices_for

_KEPT_S = 30


def waiting_notices(visit: Visit) -> int:
    """Up to half a minute old; what the person puts away counts at once."""
    with suppress(RedisError):  # without the cache every page counts
        kept: int | None = cache.get(_key(visit))
        if kept is not None:
            return kept
    found = len(notices_for(visit.actor, visit.organization, visit.user))
    with suppress(RedisError):
        cache.set(_key(visit), found, timeout=_KEPT_S)
    return found


def look_again(visit: Visit) -> None:
    with suppress(RedisError):
        cache.delete(_key(visit))


def _key(visit: Visit) -> str:
    return f"notices:{visit.organization.pk}:{visit.user.pk}"
