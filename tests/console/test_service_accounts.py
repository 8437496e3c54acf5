"""Service accounts in the console: each secret shown once; owners only."""

import re
from collections.abc import Callable, Sequence

import pytest
from django.http import HttpResponse
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from audit.models import Event
from kit.errors import Unauthenticated
from kit.ids import new_id
from orgs.access_tokens import issue_access_token
from orgs.account_secrets import secrets_of
from orgs.directory import roles_of, service_accounts
from orgs.models import Organization, ServiceAccount
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.service_accounts import MAX_SECRETS, add_secret, create_service_account
from tests.console.conftest import Site
from tests.matrix.cast import Person

AsUser = Callable[[User], Client]
SECRET = re.compile(r"spsa_[0-9A-Za-z]{8}_[0-9A-Za-z]{46}")


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


@pytest.fixture
def robot(site: Site) -> tuple[ServiceAccount, str]:
    return _made(site.organization)


def _made(organization: Organization) -> tuple[ServiceAccount, str]:
    account, plain = create_service_account(
        OPERATOR, organization, name="robot", assignments=[Assignment(Role.ORG_MEMBER)]
    )
    return account, plain.value


def listed(site: Site) -> Sequence[ServiceAccount]:
    return service_accounts(OPERATOR, site.organization).rows


def secret_in(reply: HttpResponse) -> str:
    (value,) = set(SECRET.findall(reply.content.decode()))
    assert "no-store" in reply["Cache-Control"]
    return str(value)


def works(account: ServiceAccount, secret: str) -> bool:
    try:
        issue_access_token(account.client_id, secret)
    except Unauthenticated:
        return False
    return True


def page_of(site: Site, account: ServiceAccount) -> str:
    return f"{site.home}/service-accounts/{account.pk}"


def test_one_is_made_with_roles_and_its_secret_is_shown_once(site: Site, owner: Client) -> None:
    assert "No service accounts yet" in owner.get(f"{site.home}/service-accounts").content.decode()
    form = {
        "name": "terraform",
        "roles": ["OrgManager"],
        "project": str(site.project.pk),
        "project_role": "ProjectEditor",
    }
    secret = secret_in(owner.post(f"{site.home}/service-accounts/new", form))
    (account,) = listed(site)
    assert works(account, secret)
    held = roles_of(OPERATOR, site.organization, [account.pk])[account.pk]
    assert {one.role for one in held} == {"OrgManager", "ProjectEditor"}
    for path in (f"{site.home}/service-accounts", page_of(site, account)):
        shown = owner.get(path).content.decode()
        assert "Search: project editor" in shown
        assert SECRET.search(shown) is None
    assert secret not in str(dict(owner.session))
    assert not Event.objects.using("system").filter(parameters__icontains=secret).exists()


def test_a_role_on_a_project_alone_will_do(site: Site, owner: Client) -> None:
    form = {"name": "ci", "project": str(site.project.pk), "project_role": "ProjectViewer"}
    assert owner.post(f"{site.home}/service-accounts/new", form).status_code == 200
    assert len(listed(site)) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "roles": ["OrgMember"]},
        {"name": "x" * 81, "roles": ["OrgMember"]},
        {"name": "terraform"},
        {"name": "terraform", "roles": ["King"]},
        {"name": "terraform", "project": "elsewhere", "project_role": "ProjectViewer"},
    ],
)
def test_wrong_forms_come_back_and_make_nothing(
    site: Site, owner: Client, form: dict[str, object]
) -> None:
    reply = owner.post(f"{site.home}/service-accounts/new", form)
    assert reply.status_code == 422
    assert "errorlist" in reply.content.decode()
    assert list(listed(site)) == []


def test_a_second_secret_takes_over_without_a_gap(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    account, first = robot
    reply = owner.post(f"{page_of(site, account)}/secrets/new", {"lifetime": "90"})
    second = secret_in(reply)
    assert works(account, first)
    assert works(account, second)
    old, new = secrets_of(OPERATOR, account)
    assert (old.expires_at, new.expires_at is not None) == (None, True)
    revoke = f"{page_of(site, account)}/secrets/{old.pk}/revoke"
    assert f"{old.shown}" in owner.get(revoke).content.decode()
    assert owner.post(revoke).status_code == 302
    assert not works(account, first)
    assert works(account, second)


def test_rotating_ends_all_other_secrets(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    account, first = robot
    assert "Rotate the secrets" in owner.get(f"{page_of(site, account)}/rotate").content.decode()
    second = secret_in(owner.post(f"{page_of(site, account)}/rotate"))
    assert not works(account, first)
    assert works(account, second)


def test_a_full_account_is_offered_no_more_secrets_and_told_why(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    account, _ = robot
    for _ in range(MAX_SECRETS - 1):
        add_secret(OPERATOR, account)
    assert "secrets/new" not in owner.get(page_of(site, account)).content.decode()
    reply = owner.post(f"{page_of(site, account)}/secrets/new", {"lifetime": ""})
    assert reply.status_code == 422
    assert "at most 10 secrets" in reply.content.decode()


def test_one_is_renamed_and_deleted_after_a_question(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    account, secret = robot
    assert owner.post(f"{page_of(site, account)}/name", {"name": ""}).status_code == 422
    assert owner.post(f"{page_of(site, account)}/name", {"name": "<b>ci</b>"}).status_code == 302
    assert "&lt;b&gt;ci" in owner.get(f"{site.home}/service-accounts").content.decode()
    assert "Delete" in owner.get(f"{page_of(site, account)}/delete").content.decode()
    assert works(account, secret)
    assert owner.post(f"{page_of(site, account)}/delete").status_code == 302
    assert list(listed(site)) == []
    assert not works(account, secret)


def test_a_plan_without_them_offers_nothing_new_and_lets_old_ones_end(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    account, _ = robot
    set_plan(OPERATOR, site.organization, plan=Plan.STARTER)
    shown = owner.get(f"{site.home}/service-accounts").content.decode()
    assert "does not include service accounts" in shown
    assert "service-accounts/new" not in shown
    assert "/rotate" not in owner.get(page_of(site, account)).content.decode()
    form = {"name": "ci", "roles": ["OrgMember"]}
    assert owner.post(f"{site.home}/service-accounts/new", form).status_code == 422
    assert owner.post(f"{page_of(site, account)}/rotate").status_code == 422
    assert owner.post(f"{page_of(site, account)}/delete").status_code == 302


def test_acts_ask_for_a_fresh_proof(
    site: Site, as_user: AsUser, robot: tuple[ServiceAccount, str]
) -> None:
    page = page_of(site, robot[0])
    secret = f"secrets/{new_id()}/revoke"
    paths = [f"{page}/{act}" for act in ("rotate", "delete", "secrets/new", secret)]
    for path in (f"{site.home}/service-accounts/new", *paths):
        reply = as_user(site.alice).post(path)
        assert reply["Location"].startswith("/confirm?next=")


def test_others_are_neither_shown_nor_let_in(
    site: Site, as_user: AsUser, robot: tuple[ServiceAccount, str]
) -> None:
    assert "/service-accounts" in as_user(site.alice).get(site.home).content.decode()
    assert "/service-accounts" not in as_user(site.bob).get(site.home).content.decode()
    for person, status in ((site.bob, 403), (site.vera, 403), (site.mallory, 404)):
        client = Person("other", person).browser()
        for path in (f"{site.home}/service-accounts", page_of(site, robot[0])):
            assert client.get(path).status_code == status
        assert client.post(f"{page_of(site, robot[0])}/delete").status_code == status


def test_accounts_of_elsewhere_are_missing_ones(
    site: Site, owner: Client, robot: tuple[ServiceAccount, str]
) -> None:
    theirs, _ = _made(site.world.elsewhere)
    (secret,) = secrets_of(OPERATOR, theirs)
    page = page_of(site, theirs)
    assert owner.get(page).status_code == 404
    for act in ("rotate", "delete", f"secrets/{secret.pk}/revoke"):
        assert owner.post(f"{page}/{act}").status_code == 404
    # Nor is it another account's secret.
    assert owner.post(f"{page_of(site, robot[0])}/secrets/{secret.pk}/revoke").status_code == 404
    assert len(secrets_of(OPERATOR, theirs)) == 1
