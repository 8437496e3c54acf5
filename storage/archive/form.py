"""What the archived log is in the object store.

    indexes/<index>/<namespace>/log/<first LSN>-<last LSN>-<time of the last one>
    indexes/<index>/<namespace>/life/created, …/dropped     the namespace's row; when it went

A stretch is a list of batches as the log sealed them, each with the time of its acknowledgement,
sealed once more as a whole and bound to its index, namespace and name: no batch can be changed,
moved, left out or given another time. Stretches may overlap, and then say the same.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.objects import ObjectStore
from storage.sealing import seal_named, unseal_named
from storage.write_log.batches import reseal_batch
from storage.write_log.names import reseal_names

T = TypeVar("T")
Place = tuple[UUID, UUID]
LOG, LIFE = "log", "life"
_STRETCH, _CREATED, _DROPPED = "archived log", "archived namespace", "archived end of namespace"


class ArchivedBatch(NamedTuple):
    """A row of the log; `committed_at_us` counts microseconds since 1970."""

    lsn: int
    operation: int
    sealed: bytes
    committed_at_us: int


class Stretch(NamedTuple):
    """The name of an object: which batches it holds, and when the last one was acknowledged."""

    first: int
    last: int
    until_us: int

    @classmethod
    def of(cls, batches: Sequence[ArchivedBatch]) -> "Stretch":
        return cls(batches[0].lsn, batches[-1].lsn, batches[-1].committed_at_us)

    @classmethod
    def named(cls, name: str) -> "Stretch":
        """Raises `ValueError` for another form."""
        first, last, until_us = map(int, name.split("-"))
        return cls(first, last, until_us)

    def path(self, place: Place) -> str:
        return f"{prefix(place, LOG)}{self.first:020d}-{self.last:020d}-{self.until_us:020d}"


class Created(msgspec.Struct, frozen=True):
    """Name and schema are sealed as they were in the namespace's row. Its log begins after
    `origin_lsn`, and is known since `origin_at_us`; the row's may be later, after a sweep."""

    name_sealed: bytes
    schema_sealed: bytes | None
    created_at_us: int
    origin_lsn: int
    origin_at_us: int


class Dropped(msgspec.Struct, frozen=True):
    """`last_lsn` is that of the last batch that the namespace ever had."""

    dropped_at_us: int
    last_lsn: int


_encode = msgspec.msgpack.Encoder().encode
_decode_batches = msgspec.msgpack.Decoder(list[ArchivedBatch]).decode
_decode_created = msgspec.msgpack.Decoder(Created).decode
_decode_dropped = msgspec.msgpack.Decoder(Dropped).decode


def prefix(place: Place, kind: str) -> str:
    index_id, namespace_id = place
    return f"indexes/{index_id}/{namespace_id}/{kind}/"


def created_path(place: Place) -> str:
    return prefix(place, LIFE) + "created"


def dropped_path(place: Place) -> str:
    return prefix(place, LIFE) + "dropped"


def write_stretch(
    store: ObjectStore, key: DataKey, place: Place, batches: Sequence[ArchivedBatch]
) -> Stretch:
    """Store the batches, one at least and none missing between them, all under one version of the
    key. Twice is as good as once."""
    stretch = Stretch.of(batches)
    batches = [_resealed_batch(key, place, batch) for batch in batches]
    sealed = seal_named(key, _encode(batches), _STRETCH, *place, *stretch)
    store.put(stretch.path(place), [sealed])
    return stretch


def read_stretch(
    store: ObjectStore, key: DataKey, place: Place, stretch: Stretch
) -> list[ArchivedBatch]:
    """Its batches. Raises `DataLoss` for whatever is not as it was written, `NotFound` where a
    longer stretch has taken its place."""
    path = stretch.path(place)
    batches = _opened(_decode_batches, key, store.get(path), _STRETCH, *place, *stretch)
    lsns = [batch.lsn for batch in batches]
    if lsns != list(range(stretch.first, stretch.last + 1)):
        raise DataLoss(f"The archived log {path} does not hold what its name says.")
    return batches


def _resealed_batch(key: DataKey, place: Place, batch: ArchivedBatch) -> ArchivedBatch:
    index_id, namespace_id = place
    return batch._replace(
        sealed=reseal_batch(
            key, batch.operation, batch.sealed,
            index_id=index_id, namespace_id=namespace_id, lsn=batch.lsn,
        )
    )  # fmt: skip


def write_created(store: ObjectStore, key: DataKey, place: Place, created: Created) -> None:
    name, schema = reseal_names(key, created.name_sealed, created.schema_sealed, place)
    created = replace(created, name_sealed=name, schema_sealed=schema)
    store.put(created_path(place), [seal_named(key, _encode(created), _CREATED, *place)])


def read_created(store: ObjectStore, key: DataKey, place: Place) -> Created:
    return _opened(_decode_created, key, store.get(created_path(place)), _CREATED, *place)


def write_dropped(store: ObjectStore, key: DataKey, place: Place, dropped: Dropped) -> None:
    store.put(dropped_path(place), [seal_named(key, _encode(dropped), _DROPPED, *place)])


def read_dropped(store: ObjectStore, key: DataKey, place: Place) -> Dropped:
    return _opened(_decode_dropped, key, store.get(dropped_path(place)), _DROPPED, *place)


def stretches(store: ObjectStore, place: Place) -> list[Stretch]:
    """Those of the namespace, by their first LSN. Raises `DataLoss` for a name of another form."""
    return sorted(_named(path) for path in store.list(prefix(place, LOG)))


def _named(path: str) -> Stretch:
    try:
        return Stretch.named(path.rpartition("/")[2])
    except ValueError:
        raise DataLoss(f"The archived log has an object of another name: {path}.") from None


def _opened(
    decode: Callable[[bytes], T], key: DataKey, sealed: bytes, purpose: str, *parts: UUID | int
) -> T:
    try:
        return decode(unseal_named(key, sealed, purpose, *parts))
    except msgspec.MsgspecError as error:
        raise DataLoss(f"An {purpose} is malformed: {error}.") from error
