"""Who enters, and how long the gate believes what it once heard."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from access import keys
from access.network_policy import Caller
from access.permissions import Permission
from dataplane.front.gate import MAX_SILENCE_S, Gate
from dataplane.front.key_uses import KeyUses
from dataplane.front.passes import PassTaker
from keyring.data_keys import new_data_key
from keyring.local import LocalKeyring
from kit import clock
from kit.errors import DataLoss, NotFound, PermissionDenied, Unauthenticated, Unavailable
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from storage.catalog import ApiKeyRow, IndexRow, ProjectKeyRow
from storage.key_namespaces import seal_namespaces

_ORG, _PROJECT = OrganizationId(UUID(int=1)), ProjectId(UUID(int=2))
_INDEX = IndexId(UUID(int=3))


@dataclass
class KnownCatalog:
    """What a control plane would answer; counts how often it is asked."""

    keyring: LocalKeyring
    known_keys: dict[str, ApiKeyRow] = field(default_factory=dict)
    indexes: dict[UUID, IndexRow] = field(default_factory=dict)
    project_key: ProjectKeyRow | None = None
    asked: int = 0

    def load_api_key(self, public_id: str) -> ApiKeyRow | None:
        self.asked += 1
        return self.known_keys.get(public_id)

    def load_project_keys(self, project_id: UUID) -> list[ProjectKeyRow]:
        self.asked += 1
        return [self.project_key] if self.project_key and project_id == _PROJECT else []

    def load_index(self, index_id: UUID) -> IndexRow | None:
        self.asked += 1
        return self.indexes.get(index_id)

    def add_key(self, *roles: str, **changes: object) -> keys.PlainKey:
        key = keys.mint(keys.SecretKind.API_KEY)
        row = {
            "public_id": key.public_id, "org_id": _ORG, "project_id": _PROJECT,
            "digest": keys.digest(key, self.keyring.pepper(1)), "pepper_id": 1,
            "roles": list(roles),
            "expires_at": None, "revoked_at": None,
        } | changes  # fmt: skip
        self.known_keys[key.public_id] = ApiKeyRow(**row)
        return key

    def add_index(self, state: str = "Ready", *, is_pod: bool = False) -> None:
        self.indexes[_INDEX] = IndexRow(
            _INDEX, _ORG, _PROJECT, "i", 3, "cosine", "dense", state, "local", 1, is_pod
        )


class Silence:
    seconds = 0.0


@pytest.fixture
def catalog(tmp_path: Path) -> KnownCatalog:
    found = KnownCatalog(LocalKeyring.create(tmp_path / "keyring"))
    found.add_index()
    return found


@pytest.fixture
def silence() -> Silence:
    return Silence()


@pytest.fixture
def uses() -> KeyUses:
    return KeyUses()


@pytest.fixture
def gate(catalog: KnownCatalog, uses: KeyUses, silence: Silence) -> Gate:
    return Gate(
        catalog, keyring=catalog.keyring, uses=uses, silence_s=lambda: silence.seconds,
        passes=PassTaker(lambda: [b"k" * 32]),
    )  # fmt: skip


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

    catalog.load_api_key = load_and_revoke
    gate = Gate(
        catalog, keyring=catalog.keyring, uses=KeyUses(), silence_s=lambda: 0.0,
        passes=PassTaker(lambda: [b"k" * 32]),
    )  # fmt: skip
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


def test_a_key_of_other_indexes_finds_none(gate: Gate, catalog: KnownCatalog) -> None:
    own = catalog.add_key("ProjectEditor", index_ids=[_INDEX])
    other = catalog.add_key("ProjectEditor", index_ids=[UUID(int=8)])
    gate.admit(own.value, _INDEX).require(Permission.DATA_WRITE)
    for _ in range(2):
        assert gate.admit_at_once(other.value, _INDEX) is None
        with pytest.raises(NotFound, match="Index not found"):
            gate.admit(other.value, _INDEX)


def test_a_key_enters_only_from_its_networks(gate: Gate, catalog: KnownCatalog) -> None:
    key = catalog.add_key("ProjectEditor", networks=["10.0.0.0/8"])
    gate.admit(key.value, _INDEX, Caller("10.1.1.1"))
    assert gate.admit_at_once(key.value, _INDEX, Caller("10.2.2.2")) is not None
    for address in ("192.0.2.1", None):
        assert gate.admit_at_once(key.value, _INDEX, Caller(address)) is None
        with pytest.raises(Unauthenticated, match="Invalid API key"):
            gate.admit(key.value, _INDEX, Caller(address))


def test_a_key_enters_only_from_the_networks_of_its_project(
    gate: Gate, catalog: KnownCatalog
) -> None:
    """And from its own among them."""
    key = catalog.add_key(
        "ProjectEditor", networks=["10.1.0.0/16"], data_plane_networks=["10.0.0.0/8"]
    )
    gate.admit(key.value, _INDEX, Caller("10.1.1.1"))
    assert gate.admit_at_once(key.value, _INDEX, Caller("10.1.2.2")) is not None
    other = catalog.add_key("ProjectEditor", data_plane_networks=["10.0.0.0/8"])
    for one, address in ((key, "10.2.0.1"), (other, "192.0.2.1"), (other, None)):
        assert gate.admit_at_once(one.value, _INDEX, Caller(address)) is None
        with pytest.raises(Unauthenticated, match="Invalid API key"):
            gate.admit(one.value, _INDEX, Caller(address))


def test_where_the_private_endpoint_is_required_a_key_enters_through_it_alone(
    gate: Gate, catalog: KnownCatalog
) -> None:
    key = catalog.add_key("ProjectEditor", private_endpoint="required")
    offered = catalog.add_key("ProjectEditor", private_endpoint="offered")
    gate.admit(key.value, _INDEX, Caller("10.1.1.1", is_private=True))
    assert gate.admit_at_once(key.value, _INDEX, Caller(is_private=True)) is not None
    gate.admit(offered.value, _INDEX, Caller("10.1.1.1"))
    assert gate.admit_at_once(key.value, _INDEX, Caller("10.1.1.1")) is None
    with pytest.raises(Unauthenticated, match="Invalid API key"):
        gate.admit(key.value, _INDEX, Caller("10.1.1.1"))


def test_the_namespaces_of_a_key_are_unsealed_when_it_is_proven(
    gate: Gate, catalog: KnownCatalog
) -> None:
    catalog.keyring.create_key(_PROJECT)
    data_key, wrapped = new_data_key(catalog.keyring, _PROJECT)
    catalog.project_key = ProjectKeyRow(_PROJECT, 1, wrapped, "local")
    key_id = new_id()
    sealed = seal_namespaces(data_key, key_id, ["", "a"])
    key = catalog.add_key("ProjectEditor", key_id=key_id, sealed_namespaces=sealed)
    reach = gate.admit(key.value, _INDEX).credential.actor.reach
    assert reach.namespaces == {"", "a"}
    stolen = catalog.add_key("ProjectEditor", key_id=new_id(), sealed_namespaces=sealed)
    with pytest.raises(DataLoss):
        gate.admit(stolen.value, _INDEX)


@pytest.mark.parametrize("role", ["DataPlaneViewer", "ProjectViewer", "ControlPlaneEditor"])
def test_a_pod_opens_only_to_keys_that_may_read_and_write(
    gate: Gate, catalog: KnownCatalog, role: str
) -> None:
    catalog.add_index(is_pod=True)
    gate.admit(catalog.add_key("DataPlaneEditor").value, _INDEX).require(Permission.DATA_READ)
    with pytest.raises(PermissionDenied, match="pod-based"):
        gate.admit(catalog.add_key(role).value, _INDEX).require(Permission.DATA_READ)


def test_a_use_is_noted_once_a_minute_and_a_refusal_is_none(
    gate: Gate, catalog: KnownCatalog, uses: KeyUses
) -> None:
    key = catalog.add_key("ProjectEditor", networks=["192.0.2.0/24"])
    with pytest.raises(Unauthenticated):
        gate.admit(key.value, _INDEX, Caller("10.0.0.1"))
    assert uses.take() == ([], [])
    gate.admit(key.value, _INDEX, Caller("192.0.2.1"))
    gate.admit_at_once(key.value, _INDEX, Caller("192.0.2.2"))
    (use,), _ = uses.take()
    assert (use.public_id, use.address) == (key.public_id, "192.0.2.1")
    gate.admit(key.value, _INDEX, Caller("192.0.2.3"))
    assert uses.take() == ([], [])


def test_a_key_under_an_earlier_pepper_enters_and_gets_a_new_digest(
    gate: Gate, catalog: KnownCatalog, uses: KeyUses
) -> None:
    key = catalog.add_key("ProjectEditor")
    catalog.keyring.peppers.rotate()
    gate.admit(key.value, _INDEX)
    _, (renewal,) = uses.take()
    assert (renewal.old_pepper_id, renewal.pepper_id) == (1, 2)
    assert keys.matches(key, catalog.keyring.pepper(2), renewal.digest)


def test_a_first_look_up_asks_once_for_the_key(gate: Gate, catalog: KnownCatalog) -> None:
    key = catalog.add_key("ProjectEditor")
    with pytest.raises(NotFound):
        gate.admit(key.value, None)
    assert catalog.asked == 1


def test_strangers_push_no_key_out(gate: Gate, catalog: KnownCatalog) -> None:
    key = catalog.add_key("ProjectEditor").value
    gate.admit(key, _INDEX)
    for _ in range(2_000):
        with pytest.raises(Unauthenticated):
            gate.admit(keys.mint(keys.SecretKind.API_KEY).value, _INDEX)
    assert gate.admit_at_once(key, _INDEX) is not None
    assert len(gate._credentials._absent) <= 1_000
