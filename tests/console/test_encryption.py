"""The page of a project's encryption keys: attach, see, disable with what stops, enable, detach."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.key_house import SECRETS, KeyHouse, lasting_house


@pytest.fixture
def house() -> Iterator[KeyHouse]:
    running = lasting_house()
    yield running
    running.is_enabled, running.is_down = True, False


@pytest.fixture
def here(site: Site) -> str:
    return f"{site.place}/encryption"


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def _attach(owner: Client, here: str, house: KeyHouse, **more: str) -> int:
    given = {**house.settings("vault"), **SECRETS["vault"](), **more}
    return owner.post(f"{here}/new/vault", given).status_code


def test_a_key_is_attached_disabled_enabled_and_detached(
    site: Site, owner: Client, here: str, house: KeyHouse
) -> None:
    site.world.index("films")
    assert "No key of your own" in owner.get(here).content.decode()
    assert _attach(owner, here, house) == 302
    shown = owner.get(here).content.decode()
    assert all(text in shown for text in ("HashiCorp Vault", "Enabled", "Reachable", house.url))
    sheet = owner.get(f"{here}/disable").content.decode()
    assert "reads and writes of 1 index are refused: films" in sheet
    assert owner.post(f"{here}/disable", {"confirmation": "wrong"}).status_code == 422
    assert owner.post(f"{here}/disable", {"confirmation": site.project.slug}).status_code == 302
    assert "nothing of this project can be read" in owner.get(here).content.decode()
    house.is_enabled = False
    refused = owner.post(f"{here}/enable")
    assert refused.status_code == 422
    assert "Vault refuses it (403)" in refused.content.decode()
    house.is_enabled = True
    assert owner.post(f"{here}/enable").status_code == 302
    assert owner.post(f"{here}/check").status_code == 302
    assert owner.post(f"{here}/detach", {"confirmation": site.project.slug}).status_code == 302
    assert "No key of your own" in owner.get(here).content.decode()


def test_what_the_provider_refuses_stands_in_the_form_without_the_secret(
    owner: Client, here: str, house: KeyHouse
) -> None:
    given = {**house.settings("vault"), "token": "hvs.of-somebody-else"}
    refused = owner.post(f"{here}/new/vault", given)
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "Vault refuses it (403)" in shown
    assert "hvs.of-somebody-else" not in shown
    assert _attach(owner, here, house, address="http://10.0.0.1") == 422
    assert owner.get(f"{here}/new/azure").status_code == 404


def test_another_secret_is_kept_only_where_it_opens(
    owner: Client, here: str, house: KeyHouse
) -> None:
    _attach(owner, here, house)
    given = {"address": house.url, "key": "stonepine", "token": "hvs.wrong"}
    assert owner.post(f"{here}/secret", given).status_code == 422
    given = {"address": house.url, "key": "stonepine", "role_id": "role-1", "secret_id": "secret-1"}
    assert owner.post(f"{here}/secret", given).status_code == 302


def test_viewers_see_no_keys(site: Site, here: str) -> None:
    viewer = Person("viewer", site.vera).browser()
    assert viewer.get(here).status_code == 403
    assert "Encryption keys" not in viewer.get(site.place).content.decode()
