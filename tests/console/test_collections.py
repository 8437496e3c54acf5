"""Collections in the console: made of an index, made into one, deleted."""

from collections.abc import Callable

from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from indexes.backup_models import Backup
from indexes.collections import create_collection
from indexes.deployment.backups import take_backup
from indexes.models import Index
from tests.console.conftest import Site

AsUser = Callable[[User], Client]


def test_made_into_an_index_and_deleted(site: Site, as_user: AsUser) -> None:
    bob, page = as_user(site.bob), f"{site.place}/collections"
    assert "No collections yet" in bob.get(page).content.decode()
    site.world.index()
    form = {"source": "movies", "name": "movies-2026"}
    assert bob.post(f"{site.place}/new-collection", form)["Location"] == page
    assert bob.post(f"{site.place}/new-collection", form).status_code == 422  # the name is taken
    assert 'hx-trigger="every 2s"' in bob.get(page).content.decode()
    take_backup(Backup.objects.using("system").get().pk)
    shown = bob.get(page).content.decode()
    assert 'hx-trigger="every 2s"' not in shown
    assert "Create index from movies-2026" in shown
    one = f"{page}/movies-2026"
    assert bob.post(f"{one}/index", {"name": "movies"}).status_code == 422
    jobs = f"{site.place}/restore-jobs"
    assert bob.post(f"{one}/index", {"name": "again"})["Location"] == jobs
    assert Index.objects.using("system").filter(name="again").exists()
    refused = bob.post(f"{one}/delete")
    assert (refused.status_code, b"still reads" in refused.content) == (422, True)
    job = bob.get(jobs).content.decode()
    assert "just now" in job[job.index('data-label="As of"') :]


def test_a_viewer_looks_and_no_more(site: Site, as_user: AsUser) -> None:
    create_collection(OPERATOR, site.world.index(), name="kept")
    vera = as_user(site.vera)
    shown = vera.get(f"{site.place}/collections").content.decode()
    assert "kept" in shown
    assert "Create collection" not in shown
    assert vera.post(f"{site.place}/collections/kept/delete").status_code == 403
    assert vera.post(f"{site.place}/new-collection", {"name": "x"}).status_code == 403
