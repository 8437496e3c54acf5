"""An index's imports in the console: started, watched, cancelled; errors are told to its people."""

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from audit.models import Event
from indexes.deployment.imports import import_what_is_due
from indexes.models import Import
from tests.console.conftest import Site
from tests.support.world import World

AsUser = Callable[[User], Client]


def page_of(site: Site) -> str:
    return f"{site.place}/indexes/{site.world.index().name}/imports"


def statuses(world: World) -> list[str]:
    rows = Import.objects.using("system").filter(organization_id=world.organization.pk)
    return list(rows.order_by("id").values_list("status", flat=True))


def test_started_and_cancelled_under_the_persons_name(site: Site, as_user: AsUser) -> None:
    bob, page = as_user(site.bob), page_of(site)
    assert "No imports yet" in bob.get(page).content.decode()
    wish = {"uri": "s3://pine-lake/records", "on_error": "abort"}
    assert bob.post(f"{page}/new", wish)["Location"] == page
    shown = bob.get(page).content.decode()
    assert "s3://pine-lake/records" in shown
    assert '<tbody id="rows" hx-get' in shown
    rows = bob.get(page, headers={"HX-Request": "true"}).content.decode()
    assert rows.strip().startswith('<tbody id="rows"')
    one = Import.objects.using("system").get()
    assert bob.post(f"{page}/{one.pk}/cancel")["Location"] == page
    shown = bob.get(page).content.decode()
    assert "Cancelled" in shown
    assert '<tbody id="rows" hx-get' not in shown
    told = Event.objects.using("system").filter(target_type="import").order_by("created_at", "id")
    assert [(one.action, one.actor_name) for one in told] == [
        ("import.started", "Bob"),
        ("import.cancelled", "Bob"),
    ]


def test_a_wrong_wish_is_refused_in_the_form_and_starts_nothing(
    site: Site, as_user: AsUser
) -> None:
    bob, page = as_user(site.bob), page_of(site)
    for uri, words in (
        ("ftp://lake/records", "unknown form"),
        ("s3://user:secret@lake/records", "credentials belong into a storage integration"),
        ("file:///etc", "folder"),
    ):
        answer = bob.post(f"{page}/new", {"uri": uri, "on_error": "continue"})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not statuses(site.world)


def test_what_went_wrong_is_shown_to_who_may_see_records(site: Site, as_user: AsUser) -> None:
    page = page_of(site)
    one = Import.objects.using("system")
    bob = as_user(site.bob)
    bob.post(f"{page}/new", {"uri": "s3://pine-lake/records", "on_error": "abort"})
    found = one.get()
    one.filter(pk=found.pk).update(uri="file:///nowhere")
    assert import_what_is_due() == 1
    assert statuses(site.world) == ["Failed"]
    vera = as_user(site.vera).get(page).content.decode()
    assert "/nowhere" in vera
    assert "Failed" in vera
    assert "Start import" not in vera
