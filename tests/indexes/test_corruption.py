"""Whatever happens to stored bytes: the truth or a refusal, and `stonepine fsck` names it."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cli.embedded.postgres import EmbeddedPostgres
from dataplane.builder.digest import digest_of
from dataplane.builder.older import OlderSegments
from indexes.backup_models import Backup
from indexes.deployment.archive import archive_log
from indexes.models import Index
from keyring.envelope import DataKey
from kit.environment import environment
from kit.errors import StonepineError
from orgs.secrets import installation_keyring
from storage.archive import rows
from storage.archive.moment import Moment
from storage.backups.fill import Source
from storage.backups.tail import StoredBackup
from storage.database import Connection
from storage.objects import ObjectStore, open_object_store
from storage.project_keys import project_key
from storage.segments import SegmentName, SegmentReader
from storage.write_log.names import open_name
from tests.indexes.busy_hour import BusyHour
from tests.indexes.corruption import DAMAGES, Cell, Site
from tests.indexes.test_backups import backed_up
from tests.indexes.test_fsck import found
from tests.indexes.test_segments import data_key
from tests.support.campaign import Campaign, chosen_seed
from tests.support.digests import namespaces_of
from tests.support.world import World

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
COUNT = 10_000 if IS_NIGHTLY else 24
DAMAGES_OF_AN_INDEX = 500
STEPS = 60

Answer = dict[str, str] | None


@pytest.fixture
def superuser(postgres_server: EmbeddedPostgres) -> Iterator[Connection]:
    """Without triggers and foreign keys, as bytes on a disk go wrong."""
    url = postgres_server.url("postgres", "control_plane")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@dataclass
class Subject:
    """An index with a past and a backup, beside one of another tenant; and what is true of it."""

    superuser: Connection
    index: Index
    backup: Backup
    moment: datetime
    cells: list[Cell]
    donors: list[Cell]

    @classmethod
    def made(cls, world: World, superuser: Connection, *, seed: int) -> "Subject":
        index, other = (
            world.index(f"movies-{seed}"),
            world.index(f"theirs-{seed}", project=world.their_project),
        )
        hour = BusyHour(index, seed, steps=STEPS)
        BusyHour(other, seed + 1, steps=STEPS)
        archive_log()
        rows.keep_bases(superuser, 0)
        backups = [backed_up(one) for one in (index, other)]
        own, foreign = (
            Site(superuser, store(), environment().keyring_dir, data_key(one), one).cells(backup)
            for one, backup in zip((index, other), backups, strict=True)
        )
        moment = hour.start + timedelta(minutes=40)
        subject = cls(superuser, index, backups[0], moment, own, own + foreign)
        assert subject.answers()[2] == hour.digests_at(moment)
        return subject

    def answers(self) -> list[Answer]:
        """What the index holds, as an engine reads it; what it held then; what its backup holds.
        None: that was refused."""
        questions: list[Callable[[], dict[str, str]]] = [
            lambda: {name: one.digest for name, one in namespaces_of(self.index).items()},
            lambda: self._held(StoredBackup(store(), self._key(), self.backup.pk, self.index.pk)),
            lambda: self._held(
                Moment(self.superuser, store(), self._key(), self.index.pk, self.moment, 4)
            ),
        ]
        return [_answer(question) for question in questions]

    def _held(self, source: Source) -> dict[str, str]:
        key, digests = self._key(), {}
        for part in source.content().namespaces:
            place = (self.index.pk, part.namespace_id)
            older = OlderSegments(part.segments, _reader(key, place))
            whole = digest_of(older, source.tail(part), after_lsn=part.manifest_lsn)
            digests[open_name(key, part.name_sealed, *place)] = whole.digest
        return digests

    def _key(self) -> DataKey:
        key = project_key(self.superuser, installation_keyring(), self.index.project_id)
        assert key is not None
        return key


def _reader(key: DataKey, place: tuple[object, object]) -> Callable[[object], SegmentReader]:
    return lambda one: SegmentReader(store(), key, SegmentName(*place, one))  # type: ignore[arg-type]


def _answer(question: Callable[[], dict[str, str]]) -> Answer:
    try:
        return question()
    except StonepineError:
        return None


def store() -> ObjectStore:
    return open_object_store(environment().object_store_url)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume("corruption", COUNT)
    return Campaign("corruption", COUNT, chosen_seed(), folder=tmp_path)


@pytest.mark.timeout(0 if IS_NIGHTLY else 300)
def test_no_damage_is_read_over_and_each_is_named(
    world: World, superuser: Connection, campaign: Campaign
) -> None:
    subject: Subject | None = None
    truth: list[Answer] = []
    for number in campaign.rest():
        if subject is None or number % DAMAGES_OF_AN_INDEX == 0:
            subject = Subject.made(world, superuser, seed=campaign.seed + number)
            truth = subject.answers()
            assert None not in truth
            assert found(subject.index.pk) == set()
        chance = random.Random(f"{campaign.seed} {number}")
        cell = _chosen(subject.cells, chance)
        _damage_and_look(subject, cell, truth, chance, told=f"{campaign}, number {number}")
    assert subject is not None
    assert subject.answers() == truth


def _chosen(cells: list[Cell], chance: random.Random) -> Cell:
    """Each kind as often as the others."""
    kind = chance.choice(sorted({one.kind for one in cells}))
    return chance.choice([one for one in cells if one.kind == kind])


def _damage_and_look(
    subject: Subject, cell: Cell, truth: list[Answer], chance: random.Random, *, told: str
) -> None:
    whole = cell.read()
    how = _damage(subject, cell, whole, chance)
    if not how:
        return
    told = f"{told}: {how} {cell.names}"
    try:
        for given, right in zip(subject.answers(), truth, strict=True):
            assert given is None or given == right, told
        named = {subject for _, subject in found(subject.index.pk)}
        assert named & cell.names, f"{told}, but named {named}"
    finally:
        cell.write(whole)


def _damage(subject: Subject, cell: Cell, whole: bytes, chance: random.Random) -> str:
    """How the cell was damaged; empty where it came out as it was."""
    donors = [one for one in subject.donors if one.kind == cell.kind and one is not cell]
    ways = [*(one.__name__ for one in DAMAGES), "deleted", "another's"]
    how = chance.choice(ways)
    if how == "deleted":
        cell.delete()
        return how
    if how == "another's":
        donor = chance.choice(donors)
        content, how = donor.read(), f"got the content of {donor.names} in"
    else:
        content = next(one for one in DAMAGES if one.__name__ == how)(whole, chance)
    if content == whole:
        return ""
    cell.write(content)
    return how


def test_every_kind_of_place_and_of_damage_is_among_the_choices(
    world: World, superuser: Connection
) -> None:
    subject = Subject.made(world, superuser, seed=20261126)
    assert {one.kind for one in subject.cells} == {
        "segments", "manifests", "log", "life", "backups", "batch", "name", "wrapped key",
        "keyring file",
    }  # fmt: skip
    for kind in {one.kind for one in subject.cells}:
        assert sum(one.kind == kind for one in subject.donors) > 1, kind
