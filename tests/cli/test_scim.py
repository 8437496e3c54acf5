"""`stonepine scim …`: what it prints and does."""

import json

import pytest
from typer.testing import CliRunner

from access.actor import OPERATOR
from cli.main import app
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.models import UserManagement
from sso.scim.groups import create_group
from sso.scim.queries import directory_groups
from sso.scim.resources import Group
from sso.scim.tokens import authenticate_scim_token
from tests.support.directory import managed_by_scim
from tests.support.world import World


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.entry.enter", lambda _home: None)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["scim", arguments[0], "--org", "pine", *arguments[1:]])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_token_is_printed_once_listed_and_revoked(world: World) -> None:
    value = run("create-token", "--name", "Okta", "--days", "0").strip()
    assert authenticate_scim_token(value, world.organization.public_id)
    facts = json.loads(run("status", "--json"))
    assert facts["base_url"].endswith(f"/scim/v2/{world.organization.public_id}")
    assert (facts["decides"], facts["people"], facts["groups"]) == ("console", 0, 0)
    (token,) = facts["tokens"]
    assert (token["name"], token["expires_at"]) == ("Okta", None)
    assert value not in run("status")
    public_id = value.split("_")[1]
    assert run("revoke-token", public_id) == f"{public_id} is revoked.\n"
    assert json.loads(run("status", "--json"))["tokens"] == []
    with pytest.raises(NotFound):
        run("revoke-token", public_id)


def test_the_operator_chooses_who_decides(world: World) -> None:
    with pytest.raises(FailedPrecondition, match="provisioned an owner"):
        run("let-decide", "scim")
    with pytest.raises(InvalidArgument, match="console, saml, scim"):
        run("let-decide", "fate")
    managed_by_scim(world.organization)
    assert run("let-decide", "console") == "People of Pine are decided about by: console.\n"
    world.organization.refresh_from_db(using="system")
    assert world.organization.user_management == UserManagement.CONSOLE


def test_groups_are_listed_and_given_roles(world: World) -> None:
    group = create_group(OPERATOR, world.organization, wanted=Group(display_name="Staff"))
    assert run("groups") == f"{group.pk}  Staff: –\n"
    assert run("map-group", str(group.pk), "pinecone:OrgManager") == "Staff: pinecone:OrgManager\n"
    (found,) = directory_groups(OPERATOR, world.organization)
    assert found.roles == ["pinecone:OrgManager"]
    with pytest.raises(InvalidArgument, match="is no role"):
        run("map-group", str(group.pk), "pinecone:Root")
    with pytest.raises(NotFound):
        run("map-group", "nothing", "pinecone:OrgManager")
