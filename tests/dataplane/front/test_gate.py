"""Who enters, and how long the gate believes what it once heard."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from access import keys
from access.permissions import Permission
from dataplane.front.gate import MAX_SILENCE_S, Gate
from kit import clock
from kit.errors import NotFound, PermissionDenied, Unauthenticated, Unavailable
from kit.ids import IndexId, OrganizationId, ProjectId
from storage.catalog import ApiKeyRow, IndexRow

_ORG, _PROJECT = OrganizationId(UUID(int=1)), ProjectId(UUID(int=2))
_INDEX = IndexId(UUID(int=3))
_PEPPER = b"p" * 32


@dataclass
class KnownCatalog:
    """What a control plane would answer; counts how often it is asked."""

    known_keys: dict[str, ApiKeyRow] = field(default_factory=dict)
    indexes: dict[UUID, IndexRow] = field(default_factory=dict)
    asked: int = 0

    def load_api_key(self, public_id: str) -> ApiKeyRow | None:
        self.asked += 1
        return self.known_keys.get(public_id)

    def load_index(self, index_id: UUID) -> IndexRow | None:
        self.asked += 1
        return self.indexes.get(index_id)

    def add_key(self, *roles: str, **changes: object) -> keys.PlainKey:
        key = keys.mint(keys.SecretKind.API_KEY)
        row = {
            "public_id": key.public_id, "org_id": _ORG, "project_id": _PROJECT,
            "digest": keys.digest(key, _PEPPER), "pepper_id": 1, "roles": list(roles),
            "expires_at": None, "revoked_at": None,
        } | changes  # fmt: skip
        self.known_keys[key.public_id] = ApiKeyRow(**row)  # type: ignore[arg-type]
        return key

    def add_index(self, state: str = "Ready") -> None:
        self.indexes[_INDEX] = IndexRow(
            _INDEX, _ORG, _PROJECT, "i", 3, "cosine", "dense", state, "local", 1
        )


class Silence:
    seconds = 0.0


@pytest.fixture
def catalog() -> KnownCatalog:
    found = KnownCatalog()
    found.add_index()
    return found


@pytest.fixture
def silence() -> Silence:
    return Silence()


@pytest.fixture
def gate(catalog: KnownCatalog, silence: Silence) -> Gate:
    return Gate(catalog, pepper=lambda _: _PEPPER, silence_s=lambda: silence.seconds)


def test_a_key_enters_its_own_project_and_does_what_its_role_carries(
    gate: Gate, catalog: KnownCatalog
) -> None:
    key = catalog.add_key("DataPlaneViewer")
    admission = gate.admit(key.value, _INDEX)
    admission.require(Permission.DATA_READ)
    with pytest.raises(PermissionDenied, match="data:write"):
        admission.require(Permission.DATA_WRITE)


def test_what_is_known_is_not_asked_again_until_something_changed(
    gate: Gate, catalog: KnownCatalog
) -> None:
    key = catalog.add_key("ProjectEditor")
    assert gate.admit_at_once(key.value, _INDEX) is None
    gate.admit(key.value, _INDEX)
    asked = catalog.asked
    for _ in range(3):
        gate.admit(key.value, _INDEX)
        assert gate.admit_at_once(key.value, _INDEX) is not None
    assert catalog.asked == asked
    catalog.known_keys.clear()
    gate.forget()
    assert gate.admit_at_once(key.value, _INDEX) is None
    with pytest.raises(Unauthenticated):
        gate.admit(key.value, _INDEX)


def test_what_was_loaded_across_a_change_is_not_kept(catalog: KnownCatalog) -> None:
    key = catalog.add_key("ProjectEditor")
    load = catalog.load_api_key

    def load_and_revoke(public_id: str) -> ApiKeyRow | None:
        row = load(public_id)
        catalog.known_keys.clear()
        gate.forget()
        return row

    catalog.load_api_key = load_and_revoke  # type: ignore[method-assign]
    gate = Gate(catalog, pepper=lambda _: _PEPPER, silence_s=lambda: 0.0)
    gate.admit(key.value, _INDEX)
    with pytest.raises(Unauthenticated):
        gate.admit(key.value, _INDEX)


def test_after_long_silence_nobody_enters(
    gate: Gate, catalog: KnownCatalog, silence: Silence
) -> None:
    key = catalog.add_key("ProjectEditor")
    gate.admit(key.value, _INDEX)
    silence.seconds = MAX_SILENCE_S + 0.1
    for ask in (gate.admit, gate.admit_at_once):
        with pytest.raises(Unavailable, match="control plane cannot be reached"):
            ask(key.value, _INDEX)
    silence.seconds = 0
    gate.admit(key.value, _INDEX)


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": clock.now()},
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"digest": b"\0" * 32},
    ],
)
def test_a_key_that_is_not_valid_does_not_enter(
    gate: Gate, catalog: KnownCatalog, changes: dict[str, object]
) -> None:
    key = catalog.add_key("ProjectEditor", **changes)
    with pytest.raises(Unauthenticated, match="Invalid API key"):
        gate.admit(key.value, _INDEX)


@pytest.mark.parametrize("value", [None, "", "garbage", "pcsk_", "é" * 10, "x" * 10_000])
def test_what_cannot_be_a_key_is_refused_without_asking(
    gate: Gate, catalog: KnownCatalog, value: str | None
) -> None:
    with pytest.raises(Unauthenticated):
        gate.admit(value, _INDEX)
    assert catalog.asked == 0


def test_an_index_of_another_project_or_none_or_one_that_goes_is_not_found(
    gate: Gate, catalog: KnownCatalog
) -> None:
    foreign = catalog.add_key("ProjectEditor", project_id=ProjectId(UUID(int=9)))
    own = catalog.add_key("ProjectEditor")
    for key, index_id in ((foreign, _INDEX), (own, UUID(int=8)), (own, None)):
        with pytest.raises(NotFound, match="Index not found"):
            gate.admit(key.value, index_id)
    catalog.add_index("Terminating")
    gate.forget()
    with pytest.raises(NotFound, match="Index not found"):
        gate.admit(own.value, _INDEX)


def test_no_secret_shows_in_what_the_gate_keeps(gate: Gate, catalog: KnownCatalog) -> None:
    key = catalog.add_key("ProjectEditor")
    admission = gate.admit(key.value, _INDEX)
    assert key.value not in repr(admission)
    assert key.value.encode() not in b"".join(gate._credentials._entries)
