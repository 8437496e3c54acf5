"""Who reaches which page: owner, editor, viewer, stranger, nobody."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from audit.models import Event, Outcome
from indexes.lifecycle import create_index
from projects.api_keys import create_api_key
from projects.models import ApiKey
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.world import SPEC

AsUser = Callable[[User], Client]
READING = ("", "/indexes", "/indexes/articles", "/indexes/new", "/new-index/call?name=x")
INDEX_WRITING = ("/new-index", "/indexes/articles/delete")
KEYS = ("/keys", "/keys/new")


@pytest.fixture
def as_user() -> AsUser:
    """A browser in which that person has proven themselves just now."""
    return lambda user: Person(user.name, user).browser()


@pytest.fixture
def articles(site: Site) -> None:
    create_index(OPERATOR, site.project, name="articles", spec=SPEC, dimension=384)


@pytest.fixture
def key(site: Site) -> ApiKey:
    roles = [Role.PROJECT_EDITOR]
    return create_api_key(OPERATOR, site.project, name="a key", roles=roles)[0]


def statuses(client: Client, site: Site, pages: tuple[str, ...]) -> set[int]:
    return {client.get(site.place + page).status_code for page in pages}


def test_owner_reaches_every_page(site: Site, articles: None, as_user: AsUser) -> None:
    client = as_user(site.alice)
    assert statuses(client, site, READING) == {200, 302}
    assert statuses(client, site, (*INDEX_WRITING, *KEYS)) == {200}
    for page in ("", "/roles", "/projects/new", "/billing", "/billing/contact"):
        assert client.get(site.home + page).status_code == 200


def test_editor_changes_indexes_but_sees_no_keys(
    site: Site, articles: None, as_user: AsUser
) -> None:
    client = as_user(site.bob)
    assert statuses(client, site, INDEX_WRITING) == {200}
    assert statuses(client, site, KEYS) == {403}
    assert b"/keys" not in client.get(site.place).content


def test_viewer_reads_and_is_offered_nothing_else(
    site: Site, articles: None, as_user: AsUser
) -> None:
    client = as_user(site.vera)
    assert statuses(client, site, READING) == {200, 302}
    assert statuses(client, site, (*INDEX_WRITING, *KEYS)) == {403}
    danger = client.get(f"{site.place}/indexes/articles/danger").content.decode()
    assert "Roles that do:" in danger
    assert "/delete" not in danger
    assert "/protect" not in danger
    assert "new-index" not in client.get(f"{site.place}/indexes").content.decode()
    assert "Recent activity" not in client.get(site.home).content.decode()


def test_viewer_changes_nothing_by_sending_forms(
    site: Site, articles: None, key: ApiKey, as_user: AsUser
) -> None:
    client = as_user(site.vera)
    for page, body in writing_forms(site, key).items():
        assert client.post(page, body).status_code == 403, page
    listed = as_user(site.alice).get(f"{site.place}/indexes").content.decode()
    assert "articles" in listed
    key = ApiKey.objects.using("system").filter(pk=key.pk)[0]
    assert key.revoked_at is None


def writing_forms(site: Site, key: ApiKey) -> dict[str, dict[str, str]]:
    """Every form that changes something, filled in as its page would."""
    place = site.place
    return {
        f"{place}/new-index": {"name": "x", "dimension": "3", "metric": "cosine"},
        f"{place}/indexes/articles/delete": {"confirmation": "articles"},
        f"{place}/indexes/articles/protect": {"is_protected": "on"},
        f"{place}/keys/new": {"name": "x", "preset": "all"},
        f"{place}/keys/{key.pk}/roll": {"overlap": "7"},
        f"{place}/keys/{key.pk}/switch": {},
        f"{place}/keys/{key.pk}/revoke": {},
        f"{site.home}/projects/new": {"name": "x"},
        f"{site.home}/billing/contact": {"name": "x", "email": "x@example.com"},
    }


@pytest.mark.parametrize("is_filled_in", [True, False])
def test_every_form_denied_leaves_exactly_one_event(
    site: Site, articles: None, key: ApiKey, as_user: AsUser, *, is_filled_in: bool
) -> None:
    client = as_user(site.vera)
    events = Event.objects.using("system").order_by("id")
    recorded = []
    for page, body in writing_forms(site, key).items():
        before = events.count()
        assert client.post(page, body if is_filled_in else {}).status_code == 403, page
        (event,) = events[before:]
        assert (event.outcome, event.actor_name) == (Outcome.DENIED, "Vera"), page
        recorded.append(event.action)
    assert recorded == [
        "index.created", "index.deleted", "index.configured",
        "api_key.created", "api_key.rolled", "api_key.disabled", "api_key.revoked",
            "project.created", "billing_contact.changed",
    ]  # fmt: skip


def test_looking_at_a_denied_form_leaves_no_event(
    site: Site, articles: None, as_user: AsUser
) -> None:
    before = Event.objects.using("system").count()
    assert statuses(as_user(site.vera), site, (*INDEX_WRITING, *KEYS)) == {403}
    assert Event.objects.using("system").count() == before


def test_stranger_sees_what_does_not_exist(
    site: Site, articles: None, key: ApiKey, as_user: AsUser
) -> None:
    client = as_user(site.mallory)
    pages = (
        *READING,
        *INDEX_WRITING,
        *KEYS,
        *(f"/keys/{key.pk}/{act}" for act in ("roll", "switch", "revoke")),
    )
    assert statuses(client, site, pages) == {404}
    assert client.get(site.home).status_code == 404
    assert client.get(f"{site.home}/roles").status_code == 404


def test_foreign_organization_and_missing_one_read_alike(site: Site, as_user: AsUser) -> None:
    client = as_user(site.mallory)
    foreign, missing = client.get("/o/pine"), client.get("/o/p1ne")
    for response in (foreign, missing):
        assert response.status_code == 404
    assert comparable(foreign, "pine") == comparable(missing, "p1ne")


def comparable(response: HttpResponse, slug: str) -> str:
    """The page without what differs between any two requests, and without what was asked for."""
    page = response.content.decode().replace(response["x-pinecone-request-id"], "")
    lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
    return re.sub(rf"\b{slug}\b", "", "\n".join(lines))


def test_nobody_is_sent_to_sign_in_and_back(site: Site) -> None:
    client = Client(HTTP_ACCEPT="text/html")
    response = client.get(f"{site.place}/keys")
    assert response.status_code == 302
    assert response["Location"] == "/signin?next=%2Fo%2Fpine%2Fp%2Fsearch%2Fkeys"


def test_forms_need_the_token_against_forgery(site: Site) -> None:
    client = Client(enforce_csrf_checks=True, HTTP_ACCEPT="text/html")
    client.force_login(site.alice)
    response = client.post(f"{site.place}/keys/new", {"name": "x", "preset": "all"})
    assert response.status_code == 403
    assert "You may not do this" in response.content.decode()
    assert not ApiKey.objects.using("system").exists()


def test_a_key_of_another_project_cannot_be_revoked_from_here(
    site: Site, key: ApiKey, as_user: AsUser
) -> None:
    from projects.projects import create_project

    other = create_project(OPERATOR, site.organization, name="Other")
    response = as_user(site.alice).post(f"{site.home}/p/{other.slug}/keys/{key.pk}/revoke")
    assert response.status_code == 404
    assert ApiKey.objects.using("system").filter(pk=key.pk)[0].revoked_at is None


def test_sidebar_names_the_role_that_counts_here(site: Site, as_user: AsUser) -> None:
    assert "Organization owner" in as_user(site.alice).get(site.place).content.decode()
    viewer = as_user(site.vera)
    assert "Project viewer" in viewer.get(site.place).content.decode()
    assert "Organization member" in viewer.get(site.home).content.decode()
