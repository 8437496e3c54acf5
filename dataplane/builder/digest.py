"""A digest of an index's records that does not depend on how they lie in log and segments.

Of a record: its id, its vector's bytes, its sparse vector, its metadata with sorted keys. Of a
namespace: those of its records by id. Of an index: those of its namespaces by name. Two indexes
with the same records have the same digest.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import orjson

from dataplane.builder.fold import Fold
from dataplane.builder.older import OlderSegments
from dataplane.builder.record import Record
from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.database import Connection
from storage.manifests import read_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, SegmentReader
from storage.write_log.names import NamespaceRow
from storage.write_log.operations import Operation
from storage.write_log.whole import Entry, read_index

_BYTES = 32
_LENGTH = struct.Struct("<Q")
_EVERYTHING = 1 << 62


@dataclass(frozen=True, slots=True)
class NamespaceDigest:
    """`lsn` is that of the last batch that went in."""

    lsn: int
    record_count: int
    digest: str


@dataclass(frozen=True, slots=True)
class DigestSite:
    """The index, and what it takes to read it."""

    connection: Connection
    store: ObjectStore
    key: DataKey
    index_id: UUID

    def namespaces(self) -> dict[str, NamespaceDigest]:
        """Each namespace, by its name, at its last LSN of now; read as an engine reads it."""
        with closing(read_index(self.connection, self.key, self.index_id)) as index:
            return {row.name(self.key): self._namespace(row, entries) for row, entries in index}

    def _namespace(self, row: NamespaceRow, entries: Iterable[Entry]) -> NamespaceDigest:
        place = {"index_id": self.index_id, "namespace_id": row.namespace_id}
        manifest = read_manifest(self.store, self.key, row.manifest_version, **place)
        if manifest.lsn != row.manifest_lsn:
            raise DataLoss(f"Manifest {manifest.version} is not the one that its row speaks of.")
        older = OlderSegments(manifest.segments, lambda one: self._open(row.namespace_id, one))
        return digest_of(older, entries, after_lsn=manifest.lsn)

    def _open(self, namespace_id: UUID, segment_id: UUID) -> SegmentReader:
        name = SegmentName(self.index_id, namespace_id, segment_id)
        return SegmentReader(self.store, self.key, name)


def digest_of(
    older: OlderSegments, batches: Iterable[tuple[int, Operation]], *, after_lsn: int = 0
) -> NamespaceDigest:
    """The records of these segments after these batches, in order."""
    fold = Fold(after_lsn, older)
    fold.take(batches, _EVERYTHING)
    digests = {record_id: record_digest(one) for record_id, one in older.records()}
    digests |= {record_id: record_digest(one) for record_id, one in fold.records.items()}
    whole = hashlib.blake2b(digest_size=_BYTES)
    for record_id in sorted(digests):
        _add(whole, record_id.encode("utf-8", "surrogatepass"))
        whole.update(digests[record_id])
    return NamespaceDigest(fold.lsn, len(digests), whole.hexdigest())


def record_digest(record: Record) -> bytes:
    """Of everything but the id."""
    whole = hashlib.blake2b(digest_size=_BYTES)
    _add(whole, record.values.astype("<f4", copy=False).tobytes())
    if record.sparse is not None:
        _add(whole, record.sparse.indices.astype("<u4", copy=False).tobytes())
        _add(whole, record.sparse.values.astype("<f4", copy=False).tobytes())
    if record.metadata:
        parsed = orjson.loads(record.metadata)
        _add(whole, orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS))
    return whole.digest()


def index_digest(found: Mapping[str, NamespaceDigest]) -> str:
    """One digest of all namespaces; LSNs do not go in."""
    whole = hashlib.blake2b(digest_size=_BYTES)
    for name in sorted(found):
        _add(whole, name.encode())
        _add(whole, found[name].digest.encode())
    return whole.hexdigest()


def _add(whole: "hashlib.blake2b", part: bytes) -> None:
    whole.update(_LENGTH.pack(len(part)))
    whole.update(part)
