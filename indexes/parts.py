"""The parts of the installation that requests need, and whether each answers now."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connections

from indexes.deployment.own_store import own_store
from indexes.tasks import HEARTBEAT_KEY
from kit import clock

_WORKER_SILENT_S = 30


def parts_ready() -> dict[str, bool]:
    """Each by name."""
    checks: dict[str, Callable[[], bool]] = {
        "database": lambda: _answers("default"),
        "database_system": lambda: _answers("system"),
        "cache": _cache_keeps,
        "worker": _worker_was_heard,
        "object_store": _store_is_ours,
    }
    return {name: _holds(check) for name, check in checks.items()}


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 - whatever goes wrong, the part is not ready
        return False


def _answers(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _store_is_ours() -> bool:
    return own_store() is not None


def _cache_keeps() -> bool:
    now = clock.now().isoformat()
    cache.set("readyz", now, timeout=10)
    return cache.get("readyz") is not None


def _worker_was_heard() -> bool:
    heard = cache.get(HEARTBEAT_KEY)
    return bool(heard) and clock.now().timestamp() - float(heard) < _WORKER_SILENT_S
