"""The keyring with outer keys around it: both are needed, and what they opened is forgotten."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from keyring.data_keys import new_data_key, open_data_key
from keyring.layered import KeyPending, LayeredKeyring, outer_key_id
from keyring.local import LocalKeyring
from keyring.outer.key import KeyRefused, OuterKey
from kit import clock
from kit.environment import Environment
from kit.errors import DataLoss, Unavailable
from kit.ids import new_id


@dataclass
class Shelf:
    """Outer keys that turn bytes around; `failure` is what their holder says instead."""

    keys: dict[UUID, UUID] = field(default_factory=dict)
    failure: Exception | None = None
    asked: int = 0

    def id_of_project(self, project_id: UUID) -> UUID | None:
        return self.keys.get(project_id)

    def load(self, key_id: UUID) -> OuterKey:
        assert key_id in self.keys.values()
        return self

    def wrap(self, project_id: UUID, inner: bytes) -> bytes:
        return project_id.bytes + inner[::-1]

    def unwrap(self, project_id: UUID, wrapped: bytes) -> bytes:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        assert wrapped.startswith(project_id.bytes)
        return wrapped[16:][::-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    LocalKeyring.create(tmp_path / "keyring")
    return tmp_path / "keyring"


def _locked(keyring: LayeredKeyring, shelf: Shelf) -> tuple[UUID, bytes]:
    project = new_id()
    keyring.create_key(project)
    shelf.keys[project] = new_id()
    return project, new_data_key(keyring, project)[1]


def test_without_an_outer_key_it_is_the_local_keyring(folder: Path) -> None:
    keyring, project = LayeredKeyring(folder, Shelf(), cache_s=60), new_id()
    keyring.create_key(project)
    made, wrapped = new_data_key(keyring, project)
    assert open_data_key(LocalKeyring(folder), project, 1, wrapped).secret == made.secret
    assert outer_key_id(wrapped) is None
    assert keyring.guard(project, wrapped) is None


def test_with_one_the_local_keyring_alone_opens_nothing(folder: Path) -> None:
    shelf = Shelf()
    keyring = LayeredKeyring(folder, shelf, cache_s=60)
    project, wrapped = _locked(keyring, shelf)
    assert outer_key_id(wrapped) == shelf.keys[project]
    opened = open_data_key(keyring, project, 1, wrapped)
    assert len(opened.derive("segment")) == 32
    with pytest.raises(DataLoss):
        open_data_key(LocalKeyring(folder), project, 1, wrapped)
    keyring.destroy_key(project)
    with pytest.raises(DataLoss, match="not in the keyring"):
        open_data_key(keyring, project, 1, wrapped)


def test_the_holder_is_asked_once_for_as_long_as_it_is_believed(folder: Path) -> None:
    shelf = Shelf()
    believing = LayeredKeyring(folder, shelf, cache_s=60)
    project, wrapped = _locked(believing, shelf)
    key = open_data_key(believing, project, 1, wrapped)
    shelf.failure = KeyRefused("It is disabled.")
    open_data_key(believing, project, 1, wrapped)
    key.derive("segment")
    assert shelf.asked == 1
    assert believing.age_s(wrapped) < 60


def test_a_data_key_is_of_no_use_once_the_holder_refuses(folder: Path) -> None:
    shelf = Shelf()
    asking = LayeredKeyring(folder, shelf, cache_s=0)
    project, wrapped = _locked(asking, shelf)
    key = open_data_key(asking, project, 1, wrapped)
    shelf.failure = KeyRefused("It is disabled.")
    with pytest.raises(KeyRefused, match="It is disabled"):
        key.derive("segment")


def test_a_refusal_ends_what_was_believed_and_an_outage_does_not(folder: Path) -> None:
    shelf = Shelf()
    keyring = LayeredKeyring(folder, shelf, cache_s=60)
    project, wrapped = _locked(keyring, shelf)
    key = open_data_key(keyring, project, 1, wrapped)
    shelf.failure = Unavailable("The provider is down.")
    keyring.fetch(project, wrapped)
    key.derive("segment")
    shelf.failure = KeyRefused("It is disabled.")
    keyring.fetch(project, wrapped)
    with pytest.raises(KeyRefused):
        key.derive("segment")
    assert keyring.age_s(wrapped) == float("inf")
    shelf.failure = None
    keyring.fetch(project, wrapped)
    key.derive("segment")


def test_a_failure_nobody_foresaw_is_an_outage_and_not_asked_about_again_at_once(
    folder: Path,
) -> None:
    shelf = Shelf()
    keyring = LayeredKeyring(folder, shelf, cache_s=60)
    project, wrapped = _locked(keyring, shelf)
    shelf.failure = RuntimeError("no more threads")
    for _ in range(2):
        with pytest.raises(Unavailable):
            open_data_key(keyring, project, 1, wrapped)
    assert shelf.asked == 1


def test_who_must_not_wait_is_told_what_to_fetch(folder: Path) -> None:
    shelf = Shelf()
    keyring = LayeredKeyring(folder, shelf, cache_s=60, may_wait=False)
    project, wrapped = _locked(keyring, shelf)
    with pytest.raises(KeyPending) as pending:
        open_data_key(keyring, project, 1, wrapped)
    assert shelf.asked == 0
    keyring.fetch(pending.value.project_id, pending.value.wrapped)
    assert open_data_key(keyring, project, 1, wrapped).guard is None


def test_what_was_disabled_at_its_holder_is_closed_within_five_minutes_and_comes_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)
    longest_s = Environment(data_key_cache_s=300).data_key_cache_s
    with pytest.raises(ValidationError):
        Environment(data_key_cache_s=longest_s + 1)
    shelf = Shelf()
    keyring = LayeredKeyring(folder, shelf, cache_s=longest_s)
    project, wrapped = _locked(keyring, shelf)
    key = open_data_key(keyring, project, 1, wrapped)

    shelf.failure, disabled_s = KeyRefused("It is disabled."), now_s
    closed_s = None
    while closed_s is None:
        now_s += 1
        try:
            key.derive("segment")
        except KeyRefused:
            closed_s = now_s
    assert closed_s - disabled_s <= 300
    with pytest.raises(KeyRefused):
        open_data_key(keyring, project, 1, wrapped)

    shelf.failure, enabled_s = None, now_s
    opened_s = None
    while opened_s is None:
        now_s += 1
        with suppress(KeyRefused):
            key.derive("segment")
            opened_s = now_s
    assert opened_s - enabled_s <= 6
    assert open_data_key(keyring, project, 1, wrapped).secret == key.secret
