"""The roles page answers who may do what, and why, to whoever may know."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from projects.api_keys import disable_api_key
from tests.console.conftest import Site

AsUser = Callable[[User], Client]


def question(site: Site, **given: str) -> dict[str, str]:
    return {"who": "bob@example.com", "permission": "data:write", "project": "search", **given}


def test_an_owner_learns_by_which_binding(site: Site, as_user: AsUser) -> None:
    page = as_user(site.alice).post(f"{site.home}/roles", question(site))
    assert page.status_code == 200
    assert "Yes. Bob: data:write in the project Search is allowed by ProjectEditor" in page.text
    assert "(binding " in page.text


def test_an_owner_learns_why_not(site: Site, as_user: AsUser) -> None:
    site.world.index("movies")
    key, _ = site.world.key(name="ingest")
    disable_api_key(site.world.alice, key)
    client = as_user(site.alice)
    asked = question(site, who=key.public_id, index="movies")
    page = client.post(f"{site.home}/roles", asked)
    assert "No. ingest: data:write in the index movies is denied: the key is disabled" in page.text
    asked = question(site, permission="member:write", project="")
    assert "OrgOwner on the organization." in client.post(f"{site.home}/roles", asked).text


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"who": ""}, 422, "This field is required"),
        ({"who": "mallory@example.com"}, 404, "Nobody of this organization"),
        ({"permission": "data:eat"}, 422, "Select a valid choice"),
        ({"project": "theirs"}, 422, "Select a valid choice"),
        ({"project": "", "index": "movies"}, 422, "An index lies in a project"),
        ({"index": "nothing"}, 404, "nothing not found"),
    ],
)
def test_a_wrong_question_is_answered_beside_the_form(
    site: Site, as_user: AsUser, given: dict[str, str], status: int, said: str
) -> None:
    page = as_user(site.alice).post(f"{site.home}/roles", question(site, **given))
    assert said in page.text
    assert page.status_code == status
    assert "Project roles" in page.text


def test_others_learn_about_themselves_and_not_about_each_other(
    site: Site, as_user: AsUser
) -> None:
    client = as_user(site.vera)
    asked = question(site, who="vera@example.com")
    assert (
        "No. Vera: data:write in the project Search"
        in client.post(f"{site.home}/roles", asked).text
    )
    page = client.post(f"{site.home}/roles", question(site))
    assert "project_member:read is required" in page.text
    assert "Bob:" not in page.text


def test_a_pasted_key_is_told_by_its_public_part(site: Site, as_user: AsUser) -> None:
    _, value = site.world.key(name="ingest")
    client = as_user(site.alice)
    page = client.post(f"{site.home}/roles", question(site, who=value))
    assert "Yes. ingest: data:write" in page.text
