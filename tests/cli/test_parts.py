"""Parts on machines of their own: what each needs, refuses, and is told."""

from pathlib import Path

import pytest

from cli.errors import SetupError
from cli.home import Home
from cli.part_settings import NEEDS, PartInstallation
from cli.parts_authority import issue_part, make_parts_authority, read_part_pair
from kit.environment import Environment
from kit.parts import PartKind

_ALL = {name for names in NEEDS.values() for name in names}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """With everything set that any part may need."""
    for name in _ALL:
        monkeypatch.setenv(name, f"/{name.lower()}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:secret@db/stonepine")
    monkeypatch.setenv("DATABASE_SYSTEM_URL", "postgresql://system:secret@db/stonepine")
    monkeypatch.setenv("STONEPINE_PART_ADDRESS", "10.0.0.7:8443")
    monkeypatch.setenv("STONEPINE_NODE_NAME", "n1")
    monkeypatch.setenv("STONEPINE_PART_NAME", "p1")
    monkeypatch.delenv("STONEPINE_NODE_LEASE_S", raising=False)
    monkeypatch.setenv("STONEPINE_ROOT_KEY", "cm9vdA==")
    found = Home(tmp_path / "home")
    found.create()
    return found


@pytest.mark.parametrize(
    ("kind", "missing"), [(kind, name) for kind, names in NEEDS.items() for name in names]
)
def test_what_a_part_needs_is_named_where_it_is_missing(
    home: Home, monkeypatch: pytest.MonkeyPatch, kind: PartKind, missing: str
) -> None:
    PartInstallation.of(home, kind)
    monkeypatch.delenv(missing)
    with pytest.raises(SetupError, match=f"`stonepine {kind}` needs {missing}, which is not set"):
        PartInstallation.of(home, kind)


def test_gateways_and_nodes_are_told_no_secrets_that_they_have_no_use_for(home: Home) -> None:
    told = {kind: PartInstallation.of(home, kind).children_environment() for kind in PartKind}
    withheld = ("DATABASE_URL", "REDIS_URL", "STONEPINE_SECRET_KEY")
    for kind in (PartKind.GATEWAY, PartKind.NODE):
        assert [told[kind][name] for name in withheld] == ["", "", ""]
    assert told[PartKind.GATEWAY]["STONEPINE_ROOT_KEY"] == ""
    for kind in (PartKind.NODE, PartKind.WEB, PartKind.WORKER):
        assert told[kind]["STONEPINE_ROOT_KEY"]
    assert told[PartKind.WEB]["DATABASE_URL"]


def test_nodes_among_several_have_a_short_lease_unless_another_was_chosen(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = PartInstallation.of(home, PartKind.NODE)
    assert node.name == "n1"
    assert node.children_environment()["STONEPINE_NODE_LEASE_S"] == "8"
    monkeypatch.setenv("STONEPINE_NODE_LEASE_S", "20")
    assert PartInstallation.of(home, PartKind.NODE).children_environment()[
        "STONEPINE_NODE_LEASE_S"
    ] == "20"  # fmt: skip


@pytest.mark.parametrize("address", ["10.0.0.7", ":8443", "10.0.0.7:", "h:70000", "h:x"])
def test_an_address_that_nobody_could_dial_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("STONEPINE_PART_ADDRESS", address)
    with pytest.raises(SetupError, match="STONEPINE_PART_ADDRESS"):
        PartInstallation.of(home, PartKind.WEB)


def test_a_door_listens_where_it_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PartInstallation.of(home, PartKind.WEB).door_address == "10.0.0.7:8443"
    monkeypatch.setenv("STONEPINE_PART_BIND_HOST", "0.0.0.0")  # noqa: S104 - as in a container
    assert PartInstallation.of(home, PartKind.WEB).door_address == "0.0.0.0:8443"
    monkeypatch.setenv("STONEPINE_PART_BIND_HOST", "::")
    assert PartInstallation.of(home, PartKind.WEB).door_address == "[::]:8443"


@pytest.mark.parametrize("name", ["", "Upper", "-a", "a.b", "a" * 64, "ä"])
def test_a_name_that_no_certificate_could_have_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    make_parts_authority(tmp_path / "ca")
    with pytest.raises(SetupError, match="no name for a part"):
        issue_part(tmp_path / "ca", PartKind.WEB, name, tmp_path / "out", days=1)
    if name:
        monkeypatch.setenv("STONEPINE_PART_NAME", name)
        with pytest.raises(SetupError, match="no name for a part"):
            PartInstallation.of(home, PartKind.WEB)


def test_production_looks_at_what_the_part_has(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STONEPINE_PRODUCTION", "1")
    with pytest.raises(SetupError) as refused:
        PartInstallation.of(home, PartKind.NODE)
    assert "DATABASE_SYSTEM_URL does not verify" in refused.value.message
    assert "REDIS_URL" not in refused.value.message
    assert "embedded" not in refused.value.message
    with pytest.raises(SetupError, match="Clients are told to use plain HTTP"):
        PartInstallation.of(home, PartKind.GATEWAY)


def environment_of(folder: Path, authority: Path | None = None) -> Environment:
    return Environment(
        parts_ca=(authority or folder) / "ca.pem",
        part_certificate=folder / "cert.pem",
        part_key=folder / "key.pem",
    )


def test_a_certificate_is_for_one_part_of_one_installation(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        make_parts_authority(tmp_path / name)
    folder = tmp_path / "n1"
    issue_part(tmp_path / "ours", PartKind.NODE, "n1", folder, days=30)
    here = environment_of(folder)
    assert read_part_pair(here, PartKind.NODE, "n1").hosts == ["n1.node.stonepine.internal"]
    for kind, name in ((PartKind.NODE, "n2"), (PartKind.WEB, "n1")):
        with pytest.raises(SetupError, match="this part is"):
            read_part_pair(here, kind, name)
    foreign = environment_of(folder, tmp_path / "theirs")
    with pytest.raises(SetupError, match="not of the authority"):
        read_part_pair(foreign, PartKind.NODE, "n1")
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert not (folder / "ca-key.pem").exists()


def test_one_certificate_may_serve_all_parts_of_a_kind(tmp_path: Path) -> None:
    make_parts_authority(tmp_path / "ca")
    folder = tmp_path / "nodes"
    issue_part(tmp_path / "ca", PartKind.NODE, "*", folder, days=30)
    here = environment_of(folder)
    for name in ("n1", "vectors-node-0"):
        assert read_part_pair(here, PartKind.NODE, name)
    with pytest.raises(SetupError, match="this part is"):
        read_part_pair(here, PartKind.WEB, "n1")


def test_a_second_authority_does_not_replace_the_first(tmp_path: Path) -> None:
    make_parts_authority(tmp_path / "ca")
    before = (tmp_path / "ca" / "ca.pem").read_bytes()
    with pytest.raises(SetupError, match="There is an authority"):
        make_parts_authority(tmp_path / "ca")
    assert (tmp_path / "ca" / "ca.pem").read_bytes() == before
    with pytest.raises(SetupError, match="There is no authority"):
        issue_part(tmp_path / "nowhere", PartKind.WEB, "w1", tmp_path / "out", days=1)
