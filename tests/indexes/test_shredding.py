"""What is left of a deleted project: an old copy of all of it, and a keyring that opens nothing."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from access.actor import OPERATOR
from indexes.backups import delete_backup
from indexes.deployment.archive import archive_log
from indexes.deployment.removal import drop_records, forget
from indexes.lifecycle import delete_index
from indexes.models import Index, IndexState
from keyring.data_keys import data_key_context, open_data_key
from keyring.envelope import unseal
from keyring.local import LocalKeyring
from kit.environment import environment
from kit.errors import DataLoss
from orgs.tenancy import tenant
from projects.keys import destroy_pending_keys
from projects.models import DataKey, Project
from projects.projects import create_project, delete_project
from projects.wrapping_keys import rotate_wrapping_key
from storage.database import connect
from storage.objects import open_object_store
from tests.indexes.test_backups import backed_up, build_segment
from tests.indexes.test_segments import write_batches
from tests.support.digests import namespaces_of
from tests.support.world import World


@dataclass(frozen=True)
class Image:
    """A copy of a project's data keys and of all that is sealed under them."""

    project: Project
    wrapped: dict[int, bytes]
    sealed: list[bytes]


def image_of(project: Project, index: Index) -> Image:
    rows = DataKey.objects.using("system").filter(project=project)
    store = open_object_store(environment().object_store_url)
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection:
        log = connection.execute("SELECT sealed FROM log_batch UNION ALL "
                                 "SELECT name_sealed FROM log_namespace").fetchall()  # fmt: skip
    objects = [store.get(path) for path in store.list("indexes/")]
    return Image(
        project,
        {row.version: bytes(row.wrapped) for row in rows},
        [*objects, *(bytes(sealed) for (sealed,) in log)],
    )


def test_an_old_image_yields_nothing_with_todays_keyring(world: World) -> None:
    project = create_project(OPERATOR, world.organization, name="Shredded")
    index = world.index(project=project)
    write_batches(index, 2)
    build_segment(index)
    write_batches(index, 1, after=2)
    archive_log()
    backup = backed_up(index)
    image = image_of(project, index)
    folder = environment().keyring_dir
    opened = [
        open_data_key(LocalKeyring(folder), project.pk, *one) for one in image.wrapped.items()
    ]
    assert len(opened) == 1, "the image is whole: with the keyring of then it opens"
    # Also in several versions, of which copies may be wrapped by an earlier one.
    rotate_wrapping_key(OPERATOR, project)
    other = world.index("neighbour")
    write_batches(other, 1)
    kept = namespaces_of(other)

    delete_backup(OPERATOR, backup)
    delete_index(OPERATOR, index)
    remove(index)
    delete_project(OPERATOR, project)
    destroy_pending_keys()

    keyring = LocalKeyring(folder)
    assert keyring.key_versions(project.pk) == []
    assert not list(folder.rglob(f"*{project.pk}*"))
    for version, wrapped in image.wrapped.items():
        with pytest.raises(DataLoss):
            open_data_key(keyring, project.pk, version, wrapped)
    assert tried(image, keys_at_hand(keyring, folder)) > 100
    assert namespaces_of(other) == kept, "the neighbour never noticed"


def remove(index: Index) -> None:
    """What the workers do in the end."""
    drop_records(index)
    with tenant(index.organization_id):
        Index.objects.filter(pk=index.pk).update(state=IndexState.TERMINATING)
    forget(index)


def keys_at_hand(keyring: LocalKeyring, folder: Path) -> list[bytes]:
    """Everything that whoever has today's keyring can try."""
    names = ("projects", "peppers", "signing keys", "pass", "probe", "second factors", "dump")
    others = (path.stem.partition(".") for path in (folder / "projects").glob("*.key"))
    found = [keyring.derive(name) for name in names]
    found += [keyring._keys.read(UUID(stem), int(number or 1)) for stem, _, number in others]
    return [*found, (folder / "root.key").read_bytes()]


def tried(image: Image, keys: list[bytes]) -> int:
    """How many openings were tried; none may succeed."""
    count = 0
    contexts = [data_key_context(image.project.pk, version) for version in image.wrapped]
    for key, sealed, bound in itertools.product(
        keys, [*image.wrapped.values(), *image.sealed], [*contexts, b""]
    ):
        for begin in (0, 4):  # past the version
            with pytest.raises(DataLoss):
                unseal(key, sealed[begin:], context=bound)
            count += 1
    return count
