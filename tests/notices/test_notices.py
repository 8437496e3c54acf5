"""Notices: found once, told once, seen by those whom they concern, gone when they are over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access.actor import OPERATOR
from billing.caps import MonthlyUnits, set_caps
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from kit import clock
from kit.errors import NotFound, PermissionDenied
from notices import tasks, watch
from notices.kinds import MEANINGS, Kind
from notices.models import Dismissal, Notice
from notices.own import choose_mail, dismiss_notice
from notices.queries import comes_by_mail, get_notice, notices_for
from notices.settlement import settle
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.support import end_support, request_support
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, revoke_api_key
from projects.models import ApiKey, Project
from sso.connections import create_connection, set_provider
from sso.metadata import ProviderMetadata
from sso.models import CertificateState, IdpCertificate
from tests.console.conftest import Letters
from tests.sso.factory import signer
from tests.support.past import Past
from tests.support.world import World
from tests.webhooks.hooks import hook, outbox
from webhooks.endpoints import disable_webhook, enable_webhook

Undo = Callable[[], object]


def _backup(world: World, project: Project) -> Undo:
    index = world.index(project=project)
    backup = create_backup(OPERATOR, index, name="nightly")
    rows = Backup.objects.using("system")
    rows.filter(pk=backup.pk).update(
        status=BackupStatus.FAILED, failure="the store is full", finished_at=clock.now()
    )

    def succeed() -> None:
        later = create_backup(OPERATOR, index, name="again")
        rows.filter(pk=later.pk).update(status=BackupStatus.READY, finished_at=clock.now())

    return succeed


def _certificate(world: World, project: Project) -> Undo:
    is_ours = project == world.project
    organization = world.organization if is_ours else world.elsewhere
    connection = create_connection(OPERATOR, organization, name="Okta")
    provider = ProviderMetadata(
        "https://idp.example/1", "https://idp.example/sso", None, None, None,
        (signer("Soon").certificate,),
    )  # fmt: skip
    set_provider(OPERATOR, connection, provider=provider)

    def change(**fields: Any) -> None:
        with tenant(organization.pk):
            IdpCertificate.objects.filter(connection=connection).update(**fields)

    change(not_after=clock.now() + timedelta(days=20))
    return lambda: change(state=CertificateState.RETIRED)


def _key(world: World, project: Project) -> Undo:
    del world
    soon = clock.now() + timedelta(days=6)
    key, _ = create_api_key(OPERATOR, project, name="ingest", expires_at=soon)
    create_api_key(OPERATOR, project, name="later", expires_at=soon + timedelta(days=30))
    return lambda: revoke_api_key(OPERATOR, key, reason="rolled")


def _quota(world: World, project: Project) -> Undo:
    organization = world.organization if project == world.project else world.elsewhere
    set_plan(OPERATOR, organization, plan=Plan.STARTER)
    return lambda: set_plan(OPERATOR, organization, plan=Plan.ENTERPRISE)


def _webhook(world: World, project: Project) -> Undo:
    del world
    webhook = hook(project).webhook
    disable_webhook(OPERATOR, webhook, reason="The receiver answered 410: it is gone.")
    return lambda: enable_webhook(OPERATOR, webhook)


def _support(world: World, project: Project) -> Undo:
    organization = world.organization if project == world.project else world.elsewhere
    request_support(OPERATOR, organization, reason="ticket 4711")
    return lambda: end_support(world.alice, organization)


CAUSES: dict[Kind, Callable[[World, Project], Undo]] = {
    Kind.BACKUP_FAILED: _backup,
    Kind.CERTIFICATE_EXPIRING: _certificate,
    Kind.KEY_EXPIRING: _key,
    Kind.QUOTA_NEAR: _quota,
    Kind.SUPPORT_REQUESTED: _support,
    Kind.WEBHOOK_DISABLED: _webhook,
}


def standing(kind: Kind) -> list[Notice]:
    return list(Notice.objects.using("system").filter(kind=kind, resolved_at=None).order_by("id"))


@pytest.mark.parametrize("kind", Kind)
def test_what_is_so_stands_once_in_each_organization_and_goes_when_it_is_over(
    world: World, kind: Kind
) -> None:
    undo = CAUSES[kind](world, world.project)
    CAUSES[kind](world, world.their_project)
    tasks.settle()
    settle()
    ours = [one for one in standing(kind) if one.organization_id == world.organization.pk]
    theirs = [one for one in standing(kind) if one.organization_id == world.elsewhere.pk]
    assert ours
    assert theirs
    assert len({one.subject_id for one in ours}) == len(ours)
    seen = notices_for(world.alice, world.organization, world.people["alice"])
    assert [one.kind for one in seen] == [kind] * len(ours)
    assert "{" not in seen[0].title
    undo()
    settle()
    assert {one.organization_id for one in standing(kind)} == {world.elsewhere.pk}
    assert notices_for(world.alice, world.organization, world.people["alice"]) == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if MEANINGS[kind].event])
def test_webhooks_hear_of_it_once(world: World, kind: Kind) -> None:
    event = MEANINGS[kind].event
    webhook = hook(world.organization, events=[event]).webhook
    theirs = hook(world.elsewhere, events=[event]).webhook
    CAUSES[kind](world, world.project)
    settle()
    settle()
    assert {one.type for one in outbox(webhook)} == {event}
    told = [one.content["subject"]["id"] for one in outbox(webhook)]
    assert len(told) == len(set(told)) == len(standing(kind))
    assert outbox(theirs) == []


def test_what_a_viewer_sees(world: World) -> None:
    for cause in CAUSES.values():
        cause(world, world.project)
    settle()
    seen = {one.kind for one in notices_for(world.vera, world.organization, world.people["vera"])}
    assert seen == {Kind.BACKUP_FAILED}
    with pytest.raises(PermissionDenied):
        notices_for(world.mallory, world.organization, world.people["mallory"])


def test_putting_one_away_is_for_oneself(world: World) -> None:
    _backup(world, world.project)
    settle()
    alice, vera = world.people["alice"], world.people["vera"]
    (standing_one,) = standing(Kind.BACKUP_FAILED)
    notice = get_notice(world.vera, world.organization, standing_one.pk)
    for _ in range(2):
        dismiss_notice(world.vera, notice, user=vera)
    assert notices_for(world.vera, world.organization, vera) == []
    assert len(notices_for(world.alice, world.organization, alice)) == 1
    assert Dismissal.objects.using("system").count() == 1
    with pytest.raises(NotFound):  # of somebody else's organization
        get_notice(world.mallory, world.elsewhere, notice.pk)
    with pytest.raises(PermissionDenied):
        choose_mail(world.mallory, world.organization, user=world.people["mallory"], is_wanted=True)


def test_what_one_may_not_see_cannot_be_put_away(world: World) -> None:
    _webhook(world, world.project)
    settle()
    (found,) = standing(Kind.WEBHOOK_DISABLED)
    with pytest.raises(NotFound):
        get_notice(world.vera, world.organization, found.pk)
    notice = get_notice(world.alice, world.organization, found.pk)
    with pytest.raises(PermissionDenied):
        dismiss_notice(world.vera, notice, user=world.people["vera"])


def test_mail_goes_to_those_who_want_it_and_may_see_it(world: World, letters: Letters) -> None:
    for name in ("alice", "vera"):
        user = world.people[name]
        choose_mail(world.actor(name), world.organization, user=user, is_wanted=True)
        assert comes_by_mail(world.actor(name), world.organization, user)
    _webhook(world, world.project)
    _backup(world, world.project)
    settle()
    settle()
    failed, gone = "The backup of movies failed", "The webhook hook was turned off"
    hers = letters.to("alice@example.com")
    assert len(hers) == 2
    assert failed in "".join(hers)
    assert gone in "".join(hers)
    (only,) = letters.to("vera@example.com")
    assert failed in only
    assert "the store is full" in only
    assert letters.to("bob@example.com") == []
    choose_mail(world.alice, world.organization, user=world.people["alice"], is_wanted=False)
    assert not comes_by_mail(world.alice, world.organization, world.people["alice"])


def test_units_near_their_cap(world: World, past: Past) -> None:
    index = world.index()
    set_caps(OPERATOR, world.organization, units=MonthlyUnits(read=100))
    past.used(index, clock.now().date(), read_units=80)
    assert [one.subject_name for one in watch.look()] == ["Read units this month"]


def test_a_deleted_project_takes_its_notices_along(world: World) -> None:
    _key(world, world.project)
    settle()
    with tenant(world.organization.pk):
        ApiKey.objects.filter(project=world.project).delete()
    settle()
    assert standing(Kind.KEY_EXPIRING) == []
