"""Keys in the console: rights chosen, shown once, revoked."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from access.permissions import Role
from access.reach import Reach as Reached
from accounts.models import User
from audit.models import Event
from console.key_roles import Reach, described, roles_for
from kit import clock
from projects.models import ApiKey
from projects.queries import authenticate_api_key
from tests.console.conftest import Site
from tests.matrix.cast import Person

AsUser = Callable[[User], Client]


@pytest.fixture
def as_user() -> AsUser:
    """A browser in which that person has proven themselves just now."""
    return lambda user: Person(user.name, user).browser()


@pytest.mark.parametrize(
    ("control", "data", "roles", "words"),
    [
        ("read_write", "read_write", ["ControlPlaneEditor", "DataPlaneEditor"],
         "Control read/write · Data read/write"),
        ("read_write", "read_only", ["ControlPlaneEditor", "DataPlaneViewer"],
         "Control read/write · Data read only"),
        ("read_write", "none", ["ControlPlaneEditor"], "Control read/write · Data none"),
        ("read_only", "read_write", ["ControlPlaneViewer", "DataPlaneEditor"],
         "Control read only · Data read/write"),
        ("read_only", "read_only", ["ControlPlaneViewer", "DataPlaneViewer"],
         "Control read only · Data read only"),
        ("read_only", "none", ["ControlPlaneViewer"], "Control read only · Data none"),
        ("none", "read_write", ["DataPlaneEditor"], "Control none · Data read/write"),
        ("none", "read_only", ["DataPlaneViewer"], "Control none · Data read only"),
        ("none", "none", [], "Control none · Data none"),
    ],
)  # fmt: skip
def test_reaches_stand_for_pinecones_roles(
    control: str, data: str, roles: list[str], words: str
) -> None:
    chosen = roles_for(Reach(control), Reach(data))
    assert chosen == roles
    assert described(chosen) == words


def test_whole_project_roles_are_described_too() -> None:
    assert described([Role.PROJECT_EDITOR]) == "All"
    assert described([Role.PROJECT_VIEWER]) == "Control read only · Data read only"


def create(client: Client, site: Site, **form: str) -> object:
    body = {"name": "ingest", "preset": "all", **form}
    return client.post(f"{site.place}/keys/new", body)


def only_key() -> ApiKey:
    (key,) = ApiKey.objects.using("system").all()
    return key


def test_key_is_shown_once_and_never_stored_by_the_browser(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    response = create(client, site)
    secret = response.context["secret"]
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert authenticate_api_key(secret)[1] == site.project
    assert secret not in client.get(f"{site.place}/keys").content.decode()
    assert secret not in str(dict(client.session))
    assert not Event.objects.using("system").filter(parameters__icontains=secret).exists()


def test_custom_rights_and_expiry_reach_the_key(site: Site, as_user: AsUser) -> None:
    rights = {"preset": "custom", "control_plane": "none", "data_plane": "read_only"}
    create(as_user(site.alice), site, **rights, lifetime="90")
    key = only_key()
    assert key.roles == ["DataPlaneViewer"]
    assert key.expires_at is not None
    assert abs(key.expires_at - clock.now() - timedelta(days=90)) < timedelta(minutes=1)


def test_preset_all_ignores_the_hidden_controls(site: Site, as_user: AsUser) -> None:
    create(as_user(site.alice), site, control_plane="none", data_plane="none")
    assert only_key().roles == ["ProjectEditor"]


def test_key_without_any_right_is_refused(site: Site, as_user: AsUser) -> None:
    rights = {"preset": "custom", "control_plane": "none", "data_plane": "none"}
    response = create(as_user(site.alice), site, **rights)
    assert response.status_code == 422
    assert "choose at least one" in response.content.decode()
    assert not ApiKey.objects.using("system").exists()


def test_dialog_is_the_same_view_as_the_page(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    address = f"{site.place}/keys/new"
    page = client.get(address).content.decode()
    fragment = client.get(address, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" in page
    assert "<html" not in fragment
    assert fragment.lstrip().startswith("<dialog")


def test_revoked_key_leaves_the_list_and_opens_nothing(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    secret = create(client, site).context["secret"]
    response = client.post(f"{site.place}/keys/{only_key().pk}/revoke", HTTP_HX_REQUEST="true")
    assert response["HX-Redirect"] == f"{site.place}/keys"
    assert "API key ingest revoked" in client.get(f"{site.place}/keys").content.decode()
    with pytest.raises(Exception, match="Invalid API key"):
        authenticate_api_key(secret)


def test_limits_reach_the_key_and_are_told_in_the_list(site: Site, as_user: AsUser) -> None:
    index = site.world.index("movies")
    client = as_user(site.alice)
    form = {
        "index_ids": str(index.pk),
        "namespaces": "a\n\n __default__ ",
        "networks": "10.0.0.0/8",
    }
    secret = create(client, site, **form).context["secret"]
    actor, _ = authenticate_api_key(secret, address="10.1.1.1")
    assert actor.reach == Reached(frozenset({index.pk}), frozenset({"a", ""}))
    page = client.get(f"{site.place}/keys").content.decode()
    assert "movies · chosen namespaces · 10.0.0.0/8" in page
    assert "from 10.1.1.1" in page


def test_a_wrong_network_is_told_beside_its_field_and_makes_no_key(
    site: Site, as_user: AsUser
) -> None:
    response = create(as_user(site.alice), site, networks="10.0.0.5/8")
    assert response.status_code == 422
    page = response.content.decode()
    assert "write 10.0.0.0/8 for the whole network" in page
    assert '<details class="limits" open>' in page
    assert not ApiKey.objects.using("system").exists()


def test_an_index_of_another_project_cannot_be_chosen(site: Site, as_user: AsUser) -> None:
    theirs = site.world.index("theirs", project=site.world.their_project)
    response = create(as_user(site.alice), site, index_ids=str(theirs.pk))
    assert response.status_code == 422


def test_a_rolled_key_shows_its_successor_once(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    old = create(client, site).context["secret"]
    response = client.post(f"{site.place}/keys/{only_key().pk}/roll", {"overlap": "7"})
    new = response.context["secret"]
    assert "no-store" in response["Cache-Control"]
    assert new != old
    for secret in (old, new):
        authenticate_api_key(secret)
    first = ApiKey.objects.using("system").order_by("created_at")[0]
    assert first.expires_at is not None
    again = client.post(f"{site.place}/keys/{first.pk}/roll", {"overlap": "0"})
    assert again.status_code == 422
    assert "rolled already" in again.content.decode()


def test_a_key_is_disabled_and_enabled_again(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    secret = create(client, site).context["secret"]
    address = f"{site.place}/keys/{only_key().pk}/switch"
    assert "Disable ingest?" in client.get(address).content.decode()
    client.post(address)
    with pytest.raises(Exception, match="Invalid API key"):
        authenticate_api_key(secret)
    assert "disabled" in client.get(f"{site.place}/keys").content.decode()
    assert "Enable ingest?" in client.get(address).content.decode()
    client.post(address, {"enable": "1"})
    authenticate_api_key(secret)


def test_making_and_ending_keys_asks_for_a_fresh_proof(site: Site) -> None:
    site.world.key()
    client = Client(HTTP_ACCEPT="text/html")
    client.force_login(site.alice)
    place = f"{site.place}/keys"
    for path in (
        f"{place}/new",
        f"{place}/{only_key().pk}/roll",
        f"{place}/{only_key().pk}/revoke",
    ):
        reply = client.post(path, {"name": "x", "preset": "all"})
        assert reply["Location"].startswith("/confirm?next=")
    assert only_key().revoked_at is None
