"""Evidence of an organization: its own facts alone, as they are, and nobody's secrets."""

import json
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from audit.models import Event
from audit.record import Target, record_unbound
from compliance.evidence import export_evidence
from compliance.queries import compliance_facts
from indexes.backup_models import Backup, BackupStatus
from indexes.backup_schedules import create_backup_schedule
from indexes.backups import create_backup
from indexes.verification_models import VerificationStatus
from kit import clock
from kit.errors import PermissionDenied
from tests.audit.encryption_key_cases import attached
from tests.support.world import World


def test_it_tells_of_the_organization_and_of_nobody_else(world: World) -> None:
    _, plain = world.key(name="ours")
    world.key(name="theirs-alone", project=world.their_project)
    found = export_evidence(world.alice, world.organization)
    text = json.dumps(found)
    assert found["organization"]["slug"] == world.organization.slug
    assert {one["name"] for one in found["held_roles"]} >= {"Alice", "Bob", "Vera", "ours"}
    for foreign in ("theirs-alone", "Mallory", world.elsewhere.slug, world.their_project.slug):
        assert foreign not in text
    assert plain not in text
    (event,) = Event.objects.using("system").filter(action="evidence.exported")
    assert (event.actor_name, event.organization_id) == ("Alice", world.organization.pk)


def test_facts_are_those_of_now(world: World) -> None:
    index = world.index()
    before = compliance_facts(world.alice, world.organization)
    assert (before.backups.indexes, before.backups.scheduled, before.backups.ready) == (1, 0, 0)
    assert [one.own_key for one in before.keys] == [""]
    create_backup_schedule(OPERATOR, index, name="nightly", frequency="daily", keep_days=7)
    made = create_backup(OPERATOR, index, name="one")
    verified_at = clock.now() - timedelta(hours=1)
    Backup.objects.using("system").filter(pk=made.pk).update(
        status=BackupStatus.READY, finished_at=verified_at, verified_at=verified_at,
        verification=VerificationStatus.PASSED,
    )  # fmt: skip
    attached(world)
    record_unbound(
        OPERATOR, "installation.drill_passed", target=Target("installation", "", "it", None, "")
    )
    now = compliance_facts(world.alice, world.organization)
    assert (now.backups.scheduled, now.backups.ready) == (1, 1)
    assert now.backups.last_verified_at == verified_at
    assert now.backups.drill_passed_at is not None
    assert [one.own_key for one in now.keys] == ["vault"]
    assert now.audit.chain.sequence > before.audit.chain.sequence


@pytest.mark.parametrize("name", ["bob", "vera", "mallory"])
def test_it_is_for_owners_alone(world: World, name: str) -> None:
    with pytest.raises(PermissionDenied):
        compliance_facts(world.actor(name), world.organization)
