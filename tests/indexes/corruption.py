"""Ways in which stored bytes go wrong, and the places in which an index, its past, a backup of it
and their keys are stored."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from indexes.backup_models import Backup
from indexes.models import Index
from keyring.envelope import DataKey
from storage.archive import rows
from storage.database import Connection
from storage.manifests import manifest_path, read_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName
from storage.write_log import log


class Cell(Protocol):
    """One stored value. `names` are what an examination may call it by."""

    @property
    def kind(self) -> str: ...

    @property
    def names(self) -> set[str]: ...

    def read(self) -> bytes: ...

    def write(self, content: bytes) -> None: ...

    def delete(self) -> None: ...


@dataclass(frozen=True)
class StoredObject:
    store: ObjectStore
    path: str

    @property
    def kind(self) -> str:
        return self.path.split("/")[0 if self.path.startswith("backups/") else 3]

    @property
    def names(self) -> set[str]:
        return {self.path, self.path.rpartition("/")[0] + "/"}

    def read(self) -> bytes:
        return self.store.get(self.path)

    def write(self, content: bytes) -> None:
        self.store.put(self.path, [content])

    def delete(self) -> None:
        self.store.delete(self.path)


@dataclass(frozen=True)
class Column:
    """A column of one row; `connection` is the superuser's. Where the row may go, `mends` is the
    statement that has made it anew."""

    connection: Connection
    table: str
    column: str
    key: dict[str, object]
    name: str
    kind: str

    @property
    def names(self) -> set[str]:
        return {self.name}

    def read(self) -> bytes:
        query = f"SELECT {self.column} FROM {self.table} WHERE {self._where}"  # noqa: S608 - ours
        row = self.connection.execute(query, self.key).fetchone()
        assert row is not None
        return bytes(row[0])

    def write(self, content: bytes) -> None:
        query = f"UPDATE {self.table} SET {self.column} = %(content)s WHERE {self._where}"  # noqa: S608
        assert self.connection.execute(query, self.key | {"content": content}).rowcount == 1

    def delete(self) -> None:
        self.write(b"")

    @property
    def _where(self) -> str:
        return " AND ".join(f"{name} = %({name})s" for name in self.key)


@dataclass(frozen=True)
class KeyFile:
    path: Path
    name: str
    kind: str = "keyring file"

    @property
    def names(self) -> set[str]:
        return {self.name}

    def read(self) -> bytes:
        return self.path.read_bytes()

    def write(self, content: bytes) -> None:
        self.path.touch(mode=0o600)
        self.path.write_bytes(content)

    def delete(self) -> None:
        self.path.unlink()


@dataclass(frozen=True)
class Site:
    """Where everything of an index lies. `superuser` may write any row."""

    superuser: Connection
    store: ObjectStore
    keyring: Path
    key: DataKey
    index: Index

    def cells(self, backup: Backup) -> list[Cell]:
        """All that a restore, an engine or a restore to a second would read."""
        paths = set(self._needed())
        paths |= {one for one in self.store.list(f"indexes/{self.index.pk}/")
                  if "/log/" in one or "/life/" in one}  # fmt: skip
        paths |= set(self.store.list(f"backups/{backup.pk}/"))
        objects = [StoredObject(self.store, path) for path in sorted(paths)]
        return [*objects, *self._batches(), *self._names(), *self._keys()]

    def _needed(self) -> Iterator[str]:
        """Current manifests and bases, and the segments that they name."""
        for life in rows.lives(self.superuser, self.index.pk):
            place = (self.index.pk, life.namespace_id)
            for base in rows.bases(self.superuser, place):
                yield manifest_path(*place, base.manifest_version)
                manifest = read_manifest(
                    self.store, self.key, base.manifest_version,
                    index_id=self.index.pk, namespace_id=life.namespace_id,
                )  # fmt: skip
                for entry in manifest.segments:
                    yield SegmentName(*place, entry.segment_id).path

    def _batches(self) -> Iterator[Column]:
        found = self.superuser.execute(
            "SELECT namespace_id, lsn FROM log_batch WHERE index_id = %s ORDER BY 1, 2",
            [self.index.pk],
        )
        for namespace_id, lsn in found.fetchall():
            key = self._key_of(namespace_id) | {"lsn": lsn}
            name = f"log_batch {self.index.pk}/{namespace_id}/{lsn}"
            yield Column(self.superuser, "log_batch", "sealed", key, name, "batch")

    def _names(self) -> Iterator[Column]:
        for one in log.namespaces(self.superuser, self.index.pk):
            name = f"log_namespace {self.index.pk}/{one.namespace_id}"
            key = self._key_of(one.namespace_id)
            yield Column(self.superuser, "log_namespace", "name_sealed", key, name, "name")

    def _keys(self) -> Iterator[Cell]:
        project_id = self.index.project_id
        name = f"projects_datakey {project_id}/1"
        key = {"project_id": project_id}
        yield Column(self.superuser, "projects_datakey", "wrapped", key, name, "wrapped key")
        yield KeyFile(self.keyring / "projects" / f"{project_id}.key", name)

    def _key_of(self, namespace_id: UUID) -> dict[str, object]:
        return {"index_id": self.index.pk, "namespace_id": namespace_id}


Damage = Callable[[bytes, random.Random], bytes]


def flipped(content: bytes, chance: random.Random) -> bytes:
    """One bit is another one."""
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def beheaded(content: bytes, chance: random.Random) -> bytes:
    return content[1 + chance.randrange(len(content) - 1) :]


def zeroed(content: bytes, chance: random.Random) -> bytes:
    """A page, or what there is of one, reads as zeros."""
    start = chance.randrange(len(content))
    length = min(4096, len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


def longer(content: bytes, chance: random.Random) -> bytes:
    return content + chance.randbytes(1 + chance.randrange(64))


def exchanged(content: bytes, chance: random.Random) -> bytes:
    """Two stretches stand in each other's place."""
    half = len(content) // 2
    length = 1 + chance.randrange(half)
    first, second = content[:length], content[half : half + length]
    return second + content[length:half] + first + content[half + length :]


DAMAGES: list[Damage] = [flipped, cut, beheaded, zeroed, longer, exchanged]
