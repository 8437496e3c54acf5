"""Whose the object store is: two installations that write to one destroy each other's records.

    owner/<number>     who took it over, one after the other; the last one counts

An installation is known by its database: the cluster's own identifier, and which database of it.
So all machines that share one are the same installation, and a copy in another cluster is another,
which takes the store over when it is restored.
"""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from kit import clock
from kit.errors import AlreadyExists, FailedPrecondition
from storage.database import Connection, connect, translated_errors
from storage.objects import ObjectStore, open_object_store

_PREFIX = "owner/"
_BELIEVED_S = 5.0


class StoreOfAnother(FailedPrecondition):
    """Another installation took the object store over: nothing may be written to it from here."""


class Owner(msgspec.Struct, frozen=True):
    installation: str
    since: str


class _Newest(NamedTuple):
    number: int
    owner: Owner


def identity(connection: Connection) -> str:
    """What the installation of that database is known by."""
    with translated_errors():
        row = connection.execute(
            """SELECT system_identifier::text || '/' || (
                   SELECT oid FROM pg_database WHERE datname = current_database())
               FROM pg_control_system()"""
        ).fetchone()
    assert row is not None
    return str(row[0])


def require_owner(store: ObjectStore, installation: str) -> None:
    """Raise `StoreOfAnother` unless the store is that installation's; one that is nobody's becomes
    its own."""
    newest = _newest(store)
    if newest is None:
        with suppress(AlreadyExists):  # somebody was quicker; ourselves, perhaps
            _take(store, 1, installation)
        newest = _newest(store)
    if newest is not None and newest.owner.installation != installation:
        raise StoreOfAnother(
            f"The object store belongs to another installation since {newest.owner.since}. "
            "If that one is gone for good, `stonepine take-over-objects` makes it this one's."
        )


def take_over(store: ObjectStore, installation: str) -> bool:
    """Make it that installation's, whoever's it was; False where it was already.

    Of two that try at once one is refused with `AlreadyExists`.
    """
    newest = _newest(store)
    if newest is not None and newest.owner.installation == installation:
        return False
    _take(store, 1 if newest is None else newest.number + 1, installation)
    return True


def open_own_store(store_url: str, database_url: str) -> ObjectStore:
    """The store, to write to. Raises `StoreOfAnother`; believes an answer for some seconds."""
    store, key = open_object_store(store_url), (store_url, database_url)
    now = clock.monotonic_s()
    if now >= _believed_until.get(key, 0.0):
        with connect(database_url, name="owner") as connection:
            require_owner(store, identity(connection))
        _believed_until[key] = now + _BELIEVED_S
    return store


_believed_until: dict[tuple[str, str], float] = {}


def _newest(store: ObjectStore) -> _Newest | None:
    path = max(store.list(_PREFIX), default=None)
    if path is None:
        return None
    number = path.removeprefix(_PREFIX)
    try:
        return _Newest(int(number), msgspec.json.decode(store.get(path), type=Owner))
    except (ValueError, msgspec.MsgspecError):
        raise StoreOfAnother(f"The object {path} does not say whose the object store is.") from None


def _take(store: ObjectStore, number: int, installation: str) -> None:
    owner = Owner(installation, clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    store.put(f"{_PREFIX}{number:012d}", [msgspec.json.encode(owner)], is_new=True)
