"""Backups in the console: taken now or by a schedule, verified, restored, deleted."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from lxml import html

from accounts.models import User
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.backup_schedule_models import BackupSchedule
from indexes.deployment.backups import take_backup
from indexes.models import Index, IndexState
from indexes.verification_models import BackupVerification
from kit import clock
from tests.console.conftest import Site

AsUser = Callable[[User], Client]
SCHEDULE = {"name": "nightly", "frequency": "daily", "hour": 3, "keep_days": 7, "keep_count": 0}


@pytest.fixture
def page(site: Site) -> str:
    site.world.index()
    Index.objects.using("system").update(state=IndexState.READY)
    return f"{site.place}/indexes/movies/backups"


def only_backup() -> Backup:
    return Backup.objects.using("system").all()[0]


def test_a_backup_is_taken_verified_restored_and_deleted(
    site: Site, as_user: AsUser, page: str
) -> None:
    bob = as_user(site.bob)
    wish = {"name": "", "description": "before the move"}
    assert bob.post(f"{page}/new", wish)["Location"] == page
    shown = bob.get(page).content.decode()
    assert "before the move" in shown
    # The table asks again; the head of an index that is ready would load the whole page again.
    assert re.findall(r'<(\w+) id="rows" hx-get=', shown) == ["tbody"]
    assert shown.count('hx-trigger="every 2s"') == 1
    take_backup(only_backup().pk)
    shown = bob.get(page).content.decode()
    assert 'hx-trigger="every 2s"' not in shown
    act = f"{site.place}/backups/{only_backup().pk}"
    assert bob.post(f"{act}/verify")["Location"] == f"{site.place}/backups"
    assert "Verifying" in bob.get(f"{site.place}/backups").content.decode()
    BackupVerification.objects.using("system").update(status="Passed")
    assert bob.post(f"{act}/restore", {"name": "movies"}).status_code == 422
    jobs = f"{site.place}/restore-jobs"
    assert bob.post(f"{act}/restore", {"name": "again"})["Location"] == jobs
    refused = bob.post(f"{act}/delete")
    assert (refused.status_code, b"still reads this backup" in refused.content) == (422, True)
    (job,) = RestoreJob.objects.using("system").all()
    assert bob.post(f"{jobs}/{job.pk}/cancel")["Location"] == jobs
    assert "Cancelled" in bob.get(jobs).content.decode()
    assert bob.post(f"{act}/delete").status_code == 302
    assert not Backup.objects.using("system").exists()


def test_an_index_that_is_ready_rests_while_a_backup_of_it_is_taken(
    site: Site, as_user: AsUser, page: str
) -> None:
    """Only the rows ask again for themselves: asked by its head, the page would load itself anew
    every two seconds."""
    bob = as_user(site.bob)
    bob.post(f"{page}/new", {"name": "nightly"})
    asking = {"headers": {"HX-Request": "true"}}
    whole = html.fromstring(bob.get(page).content)
    assert [one.get("id") for one in whole.xpath("//*[@hx-trigger='every 2s']")] == ["rows"]
    columns = len(whole.xpath("//section[@aria-label='Backups']//th[@scope='col']"))
    rows = html.fragment_fromstring(bob.get(page, **asking).content, create_parent="table")
    assert [len(row) for row in rows.xpath(".//tr")] == [columns]


def test_a_restore_under_way_says_when_it_will_be_done(
    site: Site, as_user: AsUser, page: str
) -> None:
    bob = as_user(site.bob)
    bob.post(f"{page}/new", {"name": "nightly"})
    Backup.objects.using("system").update(status=BackupStatus.READY)
    bob.post(f"{site.place}/backups/{only_backup().pk}/restore", {"name": "again"})
    jobs = f"{site.place}/restore-jobs"
    shown = bob.get(jobs).content.decode()
    assert "done " not in shown
    assert "just now" in shown[shown.index('data-label="As of"') :]
    RestoreJob.objects.using("system").update(
        status=RestoreStatus.IN_PROGRESS,
        started_at=clock.now() - timedelta(hours=4),
        percent_complete=40,
    )
    fragment = bob.get(jobs, headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" not in fragment
    assert "40 %" in fragment
    assert "done in 6 hours" in fragment or "done in 5 hours" in fragment


def test_a_schedule_is_made_changed_and_deleted(site: Site, as_user: AsUser, page: str) -> None:
    bob = as_user(site.bob)
    schedule = f"{site.place}/indexes/movies/schedule"
    assert bob.post(schedule, {**SCHEDULE, "keep_days": 0}).status_code == 422
    assert bob.post(schedule, SCHEDULE)["Location"] == page
    assert "Daily at 03:00 UTC" in bob.get(page).content.decode()
    change = {**SCHEDULE, "name": "another", "frequency": "weekly", "keep_count": 5}
    assert bob.post(schedule, change)["Location"] == page
    (found,) = BackupSchedule.objects.using("system").all()
    assert (found.name, found.frequency, found.keep_count) == ("nightly", "weekly", 5)
    assert not found.is_enabled
    assert "Disabled" in bob.get(page).content.decode()
    assert bob.post(schedule, change | {"is_enabled": "on"})["Location"] == page
    assert BackupSchedule.objects.using("system").get().is_enabled
    assert bob.post(f"{schedule}/delete")["Location"] == page
    assert not BackupSchedule.objects.using("system").exists()


def test_a_viewer_sees_and_is_told_who_may(site: Site, as_user: AsUser, page: str) -> None:
    shown = as_user(site.vera).get(page).content.decode()
    assert "Your role does not allow this" in shown
    assert "Back up now" not in shown
