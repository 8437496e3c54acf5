"""Verifying an installation: its own heads, copies of them, and what the command says."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from access.actor import OPERATOR
from audit.heads import heads_at, heads_file, installation_signing_keys
from audit.installation import verify_installation
from audit.signing import sign_changed_heads
from cli.embedded.postgres import EmbeddedPostgres
from cli.main import app
from kit.environment import environment
from kit.errors import InvalidArgument
from orgs.organizations import create_organization
from orgs.plans import Plan
from storage.objects import open_object_store
from tests.audit.test_verification import stored
from tests.support.world import World


@pytest.fixture
def signed(unsigned: World) -> World:
    sign_changed_heads()
    return unsigned


def rewrite(server: EmbeddedPostgres, world: World) -> None:
    with psycopg.connect(server.url("postgres", "control_plane")) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE audit_event SET reason = 'x' WHERE organization_id = %s",
            [world.organization.pk],
        )


def test_the_heads_of_object_store_and_file_are_used(signed: World) -> None:
    assert all(report.signed_sequence == report.events for report in verify_installation())


def test_a_copy_of_the_heads_serves_where_the_installations_own_are_gone(
    signed: World, tmp_path: Path
) -> None:
    copy = tmp_path / "heads"
    copy.mkdir()
    (copy / "heads.jsonl").write_bytes(heads_file().read_bytes())
    heads_file().unlink()
    for head in list(heads_at(str(copy))):
        open_object_store(environment().object_store_url).delete(head.path)
    only = signed.organization.pk
    assert verify_installation(only=only)[0].signed_sequence == 0
    for place in (str(copy), str(copy / "heads.jsonl")):
        assert verify_installation(heads=place, only=only)[0].signed_sequence > 0
    with pytest.raises(InvalidArgument):
        verify_installation(heads=str(tmp_path / "nowhere"))


def test_heads_under_a_url_are_read_like_the_installations_own(signed: World) -> None:
    assert set(heads_at(environment().object_store_url)) == set(stored())


def test_a_chain_that_vanished_is_missed(signed: World) -> None:
    organization = create_organization(OPERATOR, name="Short-lived", plan=Plan.STARTER)
    sign_changed_heads()
    reports = {report.organization_id: report for report in verify_installation()}
    assert reports[organization.pk].events == 1


@pytest.mark.usefixtures("signed")
class TestCommand:
    """`enter` finds the suite's own environment in place of a running installation's."""

    @pytest.fixture(autouse=True)
    def _entered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("cli.audit", "cli.entry"):
            monkeypatch.setattr(f"{module}.enter", lambda _home: None)

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audit", *arguments])
        return result.exit_code, result.stdout

    def test_sound_chains_are_exit_code_0(self) -> None:
        code, output = self.run("verify", "--json")
        assert code == 0
        assert all(chain["is_sound"] for chain in json.loads(output))

    def test_tampering_is_exit_code_1_and_names_the_sequence(
        self, signed: World, postgres_server: EmbeddedPostgres
    ) -> None:
        rewrite(postgres_server, signed)
        code, output = self.run("verify", "--org", signed.organization.slug)
        assert code == 1
        assert f"{signed.organization.pk}: TAMPERED WITH at sequence 1" in output
        assert self.run("verify", "--org", str(signed.elsewhere.pk))[0] == 0

    def test_public_keys_that_were_kept_elsewhere_verify(self, tmp_path: Path) -> None:
        code, output = self.run("public-keys")
        file = tmp_path / "keys.json"
        file.write_text(output)
        assert code == 0
        assert self.run("verify", "--public-keys", str(file))[0] == 0
        file.write_text('{"1": "' + "00" * 32 + '"}')
        assert self.run("verify", "--public-keys", str(file))[0] == 1

    def test_a_rotated_key_signs_from_now_on(self) -> None:
        code, output = self.run("rotate-key")
        newest = installation_signing_keys().newest().id
        assert (code, f"key {newest} " in output) == (0, True)
