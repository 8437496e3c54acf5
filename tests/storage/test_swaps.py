"""Ciphertexts in each other's places, and earlier ones in the place of later ones: none opens.

STONEPINE_SWAPS sets how many (500; 10,000 in `make nightly`), STONEPINE_SEED repeats a run's
choices.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from accounts.models import User
from accounts.second_factors import SealingAdapter, sealed_for
from audit.streams import secrets as stream_secrets
from keyring.data_keys import new_data_key, open_data_key
from keyring.envelope import DataKey
from keyring.local import LocalKeyring
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss
from kit.ids import new_id
from sso import key_pairs
from sso.models import SpKeyPair
from storage.archive import form as archive
from storage.backups import form as backups
from storage.imports import CURSOR_PURPOSE, ERROR_PURPOSE, opened_error
from storage.integrations import IntegrationRow, seal_credentials
from storage.key_namespaces import seal_namespaces, unseal_namespaces
from storage.manifests import Manifest, manifest_path, put_manifest, read_manifest
from storage.outer_keys import seal_secret, secrets_seal, unseal_secret
from storage.sealing import seal_named, unseal_named
from storage.segments import SegmentName, SegmentReader, write_segment
from storage.write_log.batches import open_batch, seal_batch
from storage.write_log.names import new_namespace, open_name, open_schema
from storage.write_log.operations import DeleteOperation, UpsertOperation, operation_code
from tests.storage.test_segments import COLUMNS
from tests.support.campaign import chosen_seed
from tests.support.memory_objects import MemoryObjectStore
from webhooks import secret_store as webhook_secrets
from webhooks.models import Webhook

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
SWAPS = int(os.environ.get("STONEPINE_SWAPS", "10000" if IS_NIGHTLY else "500"))


@dataclass(frozen=True)
class Sealed:
    """Bytes, and what opens whatever stands in their place."""

    name: str
    content: bytes
    opening: Callable[[bytes], object]


def everything(keyring: LocalKeyring) -> list[Sealed]:
    """Of two projects with two versions of their key: two indexes, two namespaces in each."""
    found: list[Sealed] = []
    for _ in range(2):
        project_id = new_id()
        keyring.create_key(project_id)
        versions: dict[int, DataKey] = {}
        for version in (1, 2):
            versions[version], wrapped = new_data_key(keyring, project_id, version)
            found.append(Sealed(f"data key {version}", wrapped, _key(keyring, project_id, version)))
        for version, _index in product((1, 2), range(2)):
            key = DataKey(project_id, version, versions[version].secret, find=versions.get)
            found += _of_index(key)
        keyring.rotate_key(project_id)
        found += _wrapping_keys(keyring, project_id)
        found += _secrets_of_the_installation(organization_id=project_id)
    return found


def _wrapping_keys(keyring: LocalKeyring, project_id: UUID) -> Iterator[Sealed]:
    """The files that they are, which somebody may put in each other's places."""
    for version in keyring.key_versions(project_id):
        path = keyring._keys._file(project_id, version)
        yield Sealed(f"wrapping key {version}", path.read_bytes(), _from_file(keyring, path))


def _from_file(keyring: LocalKeyring, path: Path) -> Callable[[bytes], object]:
    project_id, _, number = path.stem.partition(".")

    def open_with(content: bytes) -> object:
        before = path.read_bytes()
        path.write_bytes(content)
        try:
            return keyring._keys.read(UUID(project_id), int(number or 1))
        finally:
            path.write_bytes(before)

    return open_with


def _secrets_of_the_installation(organization_id: UUID) -> Iterator[Sealed]:
    """Columns that are sealed under the keyring: one key for each kind, bound to their rows."""
    at = clock.now()
    for _ in range(2):
        one = new_id()
        stream = {"organization_id": organization_id, "stream_id": one}
        hook = {"organization_id": organization_id, "webhook_id": one}
        yield Sealed(
            "secret of a stream",
            stream_secrets.sealed_secret("x", **stream),
            lambda raw, stream=stream: stream_secrets.opened_secret(raw, **stream),
        )
        yield Sealed(
            "secret of a webhook",
            webhook_secrets.sealed_secret("x", **hook),
            lambda raw, hook=hook: webhook_secrets.opened_secrets(
                Webhook(organization_id=hook["organization_id"], pk=hook["webhook_id"],
                        sealed_secret=raw), at=at,
            ),
        )  # fmt: skip
        person = User(pk=one)
        yield Sealed("second factor", _totp(person), partial(_open_totp, person))
        sealing_key = secrets_seal(environment().keyring_dir)
        yield Sealed(
            "secret of an outer key",
            seal_secret(sealing_key, one, {"token": "x"}),
            lambda raw, one=one, key=sealing_key: unseal_secret(key, one, raw),
        )
        pair = SpKeyPair(pk=one, organization_id=organization_id, connection_id=one)
        yield Sealed(
            "key of a connection",
            key_pairs._seal().seal(b"pem", context=key_pairs._context(pair)),
            partial(_open_pair, pair),
        )


def _totp(person: User) -> bytes:
    with sealed_for(person):
        return bytes.fromhex(SealingAdapter().encrypt("secret"))


def _open_totp(person: User, raw: bytes) -> object:
    with sealed_for(person):
        return SealingAdapter().decrypt(raw.hex())


def _open_pair(pair: SpKeyPair, raw: bytes) -> object:
    pair.sealed_key = raw
    return key_pairs.opened(pair)


def _key(keyring: LocalKeyring, project_id: UUID, version: int) -> Callable[[bytes], object]:
    return lambda wrapped: open_data_key(keyring, project_id, version, wrapped)


def _of_index(key: DataKey) -> Iterator[Sealed]:
    index_id, integration_id, key_id = new_id(), new_id(), new_id()
    for name in ("films", "books"):
        namespace_id = new_id()
        place = (index_id, namespace_id)
        row = new_namespace(key, index_id, namespace_id, name, schema=b"{}")
        assert row.schema_sealed is not None
        yield Sealed("name", row.name_sealed, lambda raw, place=place: open_name(key, raw, *place))
        yield Sealed(
            "schema", row.schema_sealed, lambda raw, place=place: open_schema(key, raw, *place)
        )
        yield from _imports(key, new_id())
        yield from _batches(key, place)
        yield from _objects(key, place)
    yield Sealed(
        "namespaces of a key",
        seal_namespaces(key, key_id, ["films"]),
        lambda raw: unseal_namespaces(key, key_id, raw),
    )
    yield Sealed(
        "credentials",
        seal_credentials(key, integration_id, {"secret": "x"}),
        lambda raw: IntegrationRow(integration_id, key.project_id, "s3", {}, raw).credentials(key),
    )


def _imports(key: DataKey, import_id: UUID) -> Iterator[Sealed]:
    for purpose, opening in (
        (CURSOR_PURPOSE, lambda raw: unseal_named(key, raw, CURSOR_PURPOSE, import_id)),
        (ERROR_PURPOSE, lambda raw: opened_error(key, import_id, raw)),
    ):
        yield Sealed(purpose, seal_named(key, b"x", purpose, import_id), opening)


def _batches(key: DataKey, place: tuple[UUID, UUID]) -> Iterator[Sealed]:
    index_id, namespace_id = place
    upsert = UpsertOperation(["a"], np.ones((1, 2), np.float32), [None], [None])
    for lsn, operation in enumerate((upsert, DeleteOperation(["a"]), upsert), start=1):
        where = {"index_id": index_id, "namespace_id": namespace_id, "lsn": lsn}
        code = int(operation_code(operation))
        yield Sealed(
            f"batch {lsn}",
            seal_batch(key, operation, **where),
            lambda raw, code=code, where=where: open_batch(key, code, raw, **where),
        )


def _objects(key: DataKey, place: tuple[UUID, UUID]) -> Iterator[Sealed]:
    store, segment, backup_id = MemoryObjectStore(), SegmentName(*place, new_id()), new_id()
    write_segment(store, key, segment, COLUMNS)
    yield _stored(store, segment.path, lambda other: SegmentReader(other, key, segment).read_ids())
    for version in (1, 2, 3):
        put_manifest(store, key, Manifest(version, lsn=version), place)
        yield _stored(
            store,
            manifest_path(*place, version),
            lambda other, version=version: read_manifest(
                other, key, version, index_id=place[0], namespace_id=place[1]
            ),
        )
    operation = DeleteOperation(["a"])
    for first in (1, 5):
        sealed = seal_batch(key, operation, index_id=place[0], namespace_id=place[1], lsn=first)
        batch = archive.ArchivedBatch(first, int(operation_code(operation)), sealed, first)
        stretch = archive.write_stretch(store, key, place, [batch])
        yield _stored(
            store,
            stretch.path(place),
            lambda other, one=stretch: archive.read_stretch(other, key, place, one),
        )
    row = new_namespace(key, *place, "films")
    archive.write_created(store, key, place, archive.Created(row.name_sealed, None, 1, 0, 1))
    yield _stored(
        store, archive.created_path(place), lambda other: archive.read_created(other, key, place)
    )
    archive.write_dropped(store, key, place, archive.Dropped(1, 2))
    yield _stored(
        store, archive.dropped_path(place), lambda other: archive.read_dropped(other, key, place)
    )
    content = backups.BackupContent(place[0], 2, 0.0, 0, ())
    backups.write_content(store, key, backup_id, content)
    yield _stored(
        store,
        backups.content_path(backup_id),
        lambda other: backups.read_content(other, key, backup_id, index_id=place[0]),
    )


def _stored(
    store: MemoryObjectStore, path: str, opening: Callable[[MemoryObjectStore], object]
) -> Sealed:
    def open_with(content: bytes) -> object:
        other = MemoryObjectStore()
        other.objects[path] = content
        return opening(other)

    return Sealed(path, store.get(path), open_with)


@pytest.fixture(scope="module")
def sealed(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Sealed]:
    return everything(LocalKeyring.create(tmp_path_factory.mktemp("swaps") / "keyring"))


def test_what_stands_in_its_own_place_opens(sealed: list[Sealed]) -> None:
    for one in sealed:
        one.opening(one.content)
    assert len(sealed) > 200


def test_none_opens_in_the_place_of_another(sealed: list[Sealed]) -> None:
    seed = chosen_seed()
    choose = random.Random(seed)
    for number in range(SWAPS):
        place, other = choose.sample(sealed, 2)
        assert is_refused(place, other.content), (
            f"seed {seed}, swap {number}: {other.name} opened as {place.name}"
        )


def test_none_opens_with_the_version_of_its_key_rewritten(sealed: list[Sealed]) -> None:
    for one in sealed:
        for other in (0, 1, 2, 3):
            for at in (0, 1):  # rows and manifests, segments
                relabelled = bytearray(one.content)
                relabelled[at : at + 4] = other.to_bytes(4, "big")
                if relabelled != one.content:
                    assert is_refused(one, bytes(relabelled)), (one.name, other)


def is_refused(place: Sealed, content: bytes) -> bool:
    try:
        place.opening(content)
    except DataLoss:
        return True
    return False
