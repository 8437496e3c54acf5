"""A project's jobs in the console: followed, read, cancelled by who may."""

from collections.abc import Callable

import pytest
from django.db.models import F
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from indexes.deployment.backups import take_backup
from indexes.job_lines import note_step
from indexes.models import Index, IndexState
from indexes.verification_models import BackupVerification, VerificationStatus
from indexes.verifications import verify_backup
from tests.console.conftest import Site

AsUser = Callable[[User], Client]
_ASKING = {"HX-Request": "true"}


@pytest.fixture
def index(site: Site) -> Index:
    site.world.index()
    Index.objects.using("system").update(
        state=IndexState.READY, observed_generation=F("generation")
    )
    return Index.objects.using("system").get(name="movies")


@pytest.fixture
def page(site: Site) -> str:
    return f"{site.place}/jobs"


def test_a_backup_is_followed_until_it_is_done(
    site: Site, as_user: AsUser, index: Index, page: str
) -> None:
    bob = as_user(site.bob)
    bob.post(f"{site.place}/indexes/movies/backups/new", {"name": "nightly"})
    backup = Backup.objects.using("system").get(name="nightly")
    listed = bob.get(page).text
    assert f"{page}/{backup.pk}" in listed
    assert "Initializing" in listed
    assert site.bob.display_name in listed
    assert 'hx-trigger="every 2s"' in listed
    note_step(backup.organization_id, backup.pk, "Reads the log")
    told = bob.get(f"{page}/{backup.pk}", headers=_ASKING).text
    assert "<h1>" not in told
    assert 'hx-trigger="every 2s"' in told
    assert told.index("Reads the log") > told.index(site.bob.display_name)
    take_backup(backup.pk)
    told = bob.get(f"{page}/{backup.pk}").text
    assert "Ready" in told
    assert 'hx-trigger="every 2s"' not in told
    assert 'hx-trigger="every 2s"' not in bob.get(page).text


def test_the_list_narrows_to_a_state_and_refuses_another(
    site: Site, as_user: AsUser, index: Index, page: str
) -> None:
    create_backup(OPERATOR, index, name="going")
    create_backup(OPERATOR, index, name="broken")
    rows = Backup.objects.using("system").filter(name="broken")
    rows.update(status=BackupStatus.FAILED, failure="The store was full.")
    bob = as_user(site.bob)
    unfinished, failed = (bob.get(f"{page}?state={one}").text for one in ("unfinished", "failed"))
    assert "of going" in unfinished
    assert "of broken" not in unfinished
    assert "of going" not in failed
    assert "The store was full." in failed
    assert 'hx-trigger="every 2s"' not in failed
    assert "No such jobs" in bob.get(f"{page}?state=cancelled").text
    refused = bob.get(f"{page}?state=lost")
    assert refused.status_code == 400
    assert "none of unfinished, done, failed, cancelled" in refused.text


def test_the_rows_say_so_when_the_last_one_is_done(
    site: Site, as_user: AsUser, index: Index, page: str
) -> None:
    """What was under way when the page was opened is gone from the next rows."""
    assert (
        "None of these is left."
        in as_user(site.bob).get(f"{page}?state=unfinished", headers=_ASKING).text
    )


def test_a_viewer_follows_and_may_not_cancel(
    site: Site, as_user: AsUser, index: Index, page: str
) -> None:
    backup = create_backup(OPERATOR, index, name="nightly")
    vera, act = as_user(site.vera), f"{page}/{backup.pk}/cancel"
    for shown in (vera.get(page).text, vera.get(f"{page}/{backup.pk}").text):
        assert "nightly" in shown
        assert act not in shown
    assert vera.post(act).status_code == 403
    assert Backup.objects.using("system").filter(pk=backup.pk).exists()


def test_an_editor_cancels_by_the_verb_of_its_kind(
    site: Site, as_user: AsUser, index: Index, page: str
) -> None:
    backup = create_backup(OPERATOR, index, name="nightly")
    Backup.objects.using("system").update(status=BackupStatus.READY)
    backup.refresh_from_db(using="system")
    run = verify_backup(OPERATOR, backup)
    bob = as_user(site.bob)
    act = f"{page}/{run.pk}/cancel"
    assert act in bob.get(page).text
    assert bob.post(act)["Location"] == page
    found = BackupVerification.objects.using("system").get(pk=run.pk)
    assert found.status == VerificationStatus.CANCELLED
    assert act not in bob.get(page).text
    assert bob.post(act).status_code == 409


def test_jobs_of_others_are_nowhere(site: Site, as_user: AsUser, index: Index, page: str) -> None:
    backup = create_backup(OPERATOR, index, name="nightly")
    mallory = as_user(site.mallory)
    for path in (page, f"{page}/{backup.pk}"):
        assert mallory.get(path).status_code == 404
    assert mallory.post(f"{page}/{backup.pk}/cancel").status_code == 404
