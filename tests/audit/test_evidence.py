"""Evidence of the whole installation: collecting is an act, and its audit proof stands alone."""

import json
import zipfile
from pathlib import Path

import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.evidence import begin_collection
from audit.heads import installation_signing_keys
from audit.models import Event
from cli.evidence.bundle import MANIFEST, SIGNATURE, BundleWriter
from cli.evidence.collection import collect_evidence, verify_evidence
from cli.evidence.facts import deletions
from cli.home import Home
from gateway.settings import LISTENERS_FILE
from keyring.local import LocalKeyring
from kit.environment import environment
from kit.errors import AlreadyExists
from projects.projects import create_project, delete_project
from tests.support.archives import rewritten
from tests.support.world import World


@pytest.fixture
def collected(unsigned: World, tmp_path: Path) -> Path:
    """Of the installation that the tests run in, whose gateway does not run."""
    target = environment().gateway_dir / LISTENERS_FILE
    if not target.exists():
        target.write_text('{"resources": []}')
    path = tmp_path / "evidence.zip"
    collect_evidence(OPERATOR, Home.at(environment().home), path, configuration={"settings": {}})
    return path


def test_the_audit_chains_of_every_tenant_verify_from_the_bundle_alone(
    unsigned: World, collected: Path
) -> None:
    found = verify_evidence(collected, installation_signing_keys().public_keys())
    assert found.problems == []
    chains = {chain.organization_id: chain for chain in found.chains}
    for one in (unsigned.organization, unsigned.elsewhere):
        assert chains[one.pk].problem is None
        assert chains[one.pk].events == chains[one.pk].signed_sequence > 0
    with zipfile.ZipFile(collected) as archive:
        reviews = json.loads(archive.read("access-review.json"))
    assert {"pine", "oak"} <= {one["organization"] for one in reviews}
    (act,) = Event.objects.using("system").filter(action="evidence.collected")
    assert act.target_id == found.facts["collection_id"]
    assert collected.stat().st_mode & 0o077 == 0


def test_an_event_changed_by_whoever_can_sign_the_manifest_is_found_by_the_chain(
    unsigned: World, collected: Path
) -> None:
    """Who holds the installation could sign a bundle anew, but not what was signed before."""
    name = f"audit/{unsigned.organization.pk}.jsonl"

    def change(entries: dict[str, bytes]) -> None:
        first, *rest = entries[name].decode().splitlines()
        link = json.loads(first)
        link[3][-4] = "another request"
        entries[name] = "\n".join([json.dumps(link), *rest, ""]).encode()

    with zipfile.ZipFile(rewritten(collected, change)) as changed:
        entries = {one: changed.read(one).decode() for one in changed.namelist()}
    again = collected.with_name("again.zip")
    with zipfile.ZipFile(again, "w") as archive:
        writer = BundleWriter(archive)
        for one, content in entries.items():
            if one not in {MANIFEST, SIGNATURE}:
                writer.add_lines(one, content.splitlines())
        writer.sign(installation_signing_keys().newest(), {})
    found = verify_evidence(again, installation_signing_keys().public_keys())
    assert found.problems == []
    told = {chain.organization_id: chain.problem for chain in found.chains}
    assert told[unsigned.elsewhere.pk] is None
    problem = told[unsigned.organization.pk]
    assert problem is not None
    assert problem.what == "the event is not what was recorded"


def test_of_a_deleted_project_no_key_is_left(unsigned: World) -> None:
    kept = create_project(OPERATOR, unsigned.organization, name="kept")
    gone = create_project(OPERATOR, unsigned.organization, name="gone")
    delete_project(OPERATOR, gone)
    (told,) = [one for one in deletions() if one["project_id"] == str(gone.pk)]
    assert (told["wrapping_keys_left"], told["data_keys_left"]) == ([], 0)
    assert not told["destruction_waits"]
    assert str(kept.pk) not in {one["project_id"] for one in deletions()}

    LocalKeyring(environment().keyring_dir).create_key(gone.pk)
    (told,) = [one for one in deletions() if one["project_id"] == str(gone.pk)]
    assert told["wrapping_keys_left"] == [1], "a key that is there is told"
    LocalKeyring(environment().keyring_dir).destroy_key(gone.pk)


def test_a_collection_is_an_act_of_the_installation_and_of_no_tenant(unsigned: World) -> None:
    collection_id = begin_collection(OPERATOR)
    (event,) = Event.objects.using("system").filter(target_id=collection_id)
    assert (event.action, event.organization_id) == (Action.EVIDENCE_COLLECTED, None)


def test_a_file_that_is_there_stays(unsigned: World, collected: Path) -> None:
    before = collected.read_bytes()
    with pytest.raises(AlreadyExists):
        collect_evidence(OPERATOR, Home.at(environment().home), collected, configuration={})
    assert collected.read_bytes() == before
