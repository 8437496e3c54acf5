"""A key's limits and state in words, for lists and sheets."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from kit import clock
from projects.models import ApiKey

_SOON = timedelta(days=14)


def limits(key: ApiKey, index_names: Mapping[UUID, str]) -> str:
    """What confines the key: `movies, books · chosen namespaces · 2 networks`; "" where nothing."""
    found = []
    if key.index_ids:
        found.append(_indexes(key, index_names))
    if key.sealed_namespaces is not None:
        found.append("chosen namespaces")
    if key.networks:
        count = len(key.networks)
        found.append(key.networks[0] if count == 1 else f"{count} networks")
    return " · ".join(found)


def tone(key: ApiKey) -> str:
    """The colour of its expiry."""
    if key.expires_at is None:
        return ""
    if key.expires_at <= clock.now():
        return "bad"
    return "warn" if key.expires_at - clock.now() < _SOON else "good"


def _indexes(key: ApiKey, index_names: Mapping[UUID, str]) -> str:
    known = sorted(index_names[index_id] for index_id in key.index_ids if index_id in index_names)
    gone = len(key.index_ids) - len(known)
    return ", ".join([*known, f"{gone} deleted"] if gone else known)
