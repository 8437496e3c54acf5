"""How many notices wait for a person: kept for a moment, because every page shows it."""

from django.core.cache import cache

from console.visit import Visit
from notices.queries import notices_for

_KEPT_S = 30


def waiting_notices(visit: Visit) -> int:
    """Up to half a minute old; what the person puts away counts at once."""
    found: int | None = cache.get(_key(visit))
    if found is None:
        found = len(notices_for(visit.actor, visit.organization, visit.user))
        cache.set(_key(visit), found, timeout=_KEPT_S)
    return found


def look_again(visit: Visit) -> None:
    cache.delete(_key(visit))


def _key(visit: Visit) -> str:
    return f"notices:{visit.organization.pk}:{visit.user.pk}"
