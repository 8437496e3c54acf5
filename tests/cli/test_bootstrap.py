"""The operator's verbs: idempotent, and secrets shown only when they are made."""

import pytest

from accounts.queries import find_user_by_email
from audit.models import Event
from cli.bootstrap import bootstrap, first_start, set_plan
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, Unauthenticated
from orgs.models import Organization
from orgs.queries import find_organization
from orgs.setup import open_setup_link
from projects.queries import authenticate_api_key

pytestmark = pytest.mark.usefixtures("database")


def test_bootstrap_gives_everything_a_script_needs() -> None:
    facts = bootstrap()
    assert set(facts) == {
        "console_url", "api_url", "organization_id", "project_id", "api_key", "service_account",
        "owner",
    }  # fmt: skip
    actor, project = authenticate_api_key(facts["api_key"])
    assert str(project.pk) == facts["project_id"]
    assert actor.display_name == "bootstrap"
    organization = find_organization(facts["organization_id"])
    assert organization is not None
    assert organization.plan == "Enterprise"
    owner = find_user_by_email(facts["owner"]["email"])
    assert owner is not None
    assert owner.check_password(facts["owner"]["password"])
    assert facts["service_account"]["client_secret"].startswith("spsa_")


def test_a_second_bootstrap_makes_and_shows_nothing_new() -> None:
    first = bootstrap()
    events = Event.objects.using("system").count()
    second = bootstrap()
    assert second["api_key"] is None
    assert second["service_account"] == {
        "client_id": first["service_account"]["client_id"], "client_secret": None,
    }  # fmt: skip
    assert second["owner"] == {"email": first["owner"]["email"], "password": None}
    assert second["organization_id"] == first["organization_id"]
    assert Event.objects.using("system").count() == events
    assert authenticate_api_key(first["api_key"])


def test_rotating_replaces_every_secret() -> None:
    first, second = bootstrap(), bootstrap(rotate=True)
    assert authenticate_api_key(second["api_key"])
    with pytest.raises(Unauthenticated):
        authenticate_api_key(first["api_key"])
    assert second["service_account"]["client_secret"] != first["service_account"]["client_secret"]
    owner = find_user_by_email(second["owner"]["email"])
    assert owner is not None
    assert owner.check_password(second["owner"]["password"])
    assert not owner.check_password(first["owner"]["password"])
    assert second["project_id"] == first["project_id"]


def test_the_first_start_gives_a_link_and_once_a_key() -> None:
    first = first_start()
    assert first["setup_link"] is not None
    assert first["api_key"] is not None
    token = first["setup_link"].split("token=")[1]
    assert open_setup_link(token).used_at is None
    assert authenticate_api_key(first["api_key"])
    again = first_start()
    assert again["api_key"] is None
    assert again["setup_link"] != first["setup_link"]
    assert Organization.objects.using("system").get().plan == "Starter"


def test_with_an_owner_there_is_no_link_any_more() -> None:
    bootstrap()
    assert first_start() == {"setup_link": None, "api_key": None}


def test_bootstrap_closes_a_link_that_was_printed_before() -> None:
    link = first_start()["setup_link"]
    assert link is not None
    bootstrap()
    from audit.context import AuditContext, Source, acting_from
    from orgs.setup import redeem_setup_link

    with (
        acting_from(AuditContext(request_id="test", source=Source.CONSOLE)),
        pytest.raises(FailedPrecondition),
    ):
        redeem_setup_link(
            link.split("token=")[1], email="late@example.com", name="Late", password="x" * 20
        )


def test_a_plan_is_set_by_its_name() -> None:
    facts = bootstrap()
    assert set_plan(facts["organization_id"], "standard") == "Standard"
    assert bootstrap()["organization_id"] == facts["organization_id"]
    with pytest.raises(InvalidArgument):
        set_plan(facts["organization_id"], "platinum")
    with pytest.raises(NotFound):
        set_plan("nobody", "standard")
