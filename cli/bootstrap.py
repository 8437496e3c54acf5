"""The operator's verbs: the first tenant for scripts, what a first start says, plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from access.actor import OPERATOR
from access.permissions import Role
from audit.context import AuditContext, Source, acting_from
from kit.environment import environment
from kit.ids import new_id

_ORGANIZATION = "Stonepine"
_PROJECT = "default"
_OWNER_EMAIL = "owner@stonepine.local"
_BOOTSTRAP = "bootstrap"
_QUICKSTART = "quickstart"


def bootstrap(*, rotate: bool = False) -> dict[str, Any]:
    """The first tenant with everything a script needs to drive it.

    Secrets that exist already are null, because nobody can show them again; `rotate` replaces them.
    """
    with _as_operator():
        organization = _organization(is_enterprise=True)
        project = _project(organization)
        here = environment()
        return {
            "console_url": here.base_url,
            "api_url": here.base_url,
            "organization_id": organization.public_id,
            "project_id": str(project.pk),
            "api_key": _api_key(project, _BOOTSTRAP, rotate=rotate),
            "service_account": _service_account(organization, rotate=rotate),
            "owner": _owner(organization, rotate=rotate),
        }


def first_start() -> dict[str, str | None]:
    """What a new installation prints: a link for the first owner while there is none, and once a
    key for the quickstart."""
    from orgs.queries import has_owner
    from orgs.setup import mint_setup_link

    with _as_operator():
        organization = _organization(is_enterprise=False)
        project = _project(organization)
        if has_owner(organization):
            return {"setup_link": None, "api_key": None}
        token = mint_setup_link(OPERATOR, organization)
        return {
            "setup_link": f"{environment().base_url}/setup?token={token.value}",
            "api_key": _api_key(project, _QUICKSTART, rotate=False),
        }


def set_plan(organization: str, plan: str) -> str:
    """Change the plan of an organization, named by slug, public id or id; gives the plan's name."""
    from kit.errors import NotFound
    from orgs import organizations
    from orgs.plans import parse_plan
    from orgs.queries import find_organization

    with _as_operator():
        found = find_organization(organization)
        if found is None:
            raise NotFound(f"There is no organization {organization}.")
        return str(organizations.set_plan(OPERATOR, found, plan=parse_plan(plan)).plan)


@contextmanager
def _as_operator() -> Iterator[None]:
    """Django set up, acts recorded as the command line's, connections closed afterwards."""
    import django
    from django.db import connections

    django.setup()
    try:
        with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
            yield
    finally:
        connections.close_all()


def _organization(*, is_enterprise: bool) -> Any:
    from orgs.organizations import create_organization, set_plan
    from orgs.plans import Plan, parse_plan
    from orgs.queries import first_organization

    organization = first_organization()
    if organization is None:
        plan = Plan.ENTERPRISE if is_enterprise else parse_plan(environment().default_plan)
        return create_organization(OPERATOR, name=_ORGANIZATION, plan=plan)
    if is_enterprise and organization.plan != Plan.ENTERPRISE:
        return set_plan(OPERATOR, organization, plan=Plan.ENTERPRISE)
    return organization


def _project(organization: Any) -> Any:
    from projects.projects import create_project
    from projects.queries import first_project

    found = first_project(organization)
    return found or create_project(OPERATOR, organization, name=_PROJECT)


def _api_key(project: Any, name: str, *, rotate: bool) -> str | None:
    from projects.api_keys import create_api_key, revoke_api_key
    from projects.queries import api_keys

    existing = [key for key in api_keys(OPERATOR, project) if key.name == name]
    if existing and not rotate:
        return None
    _, plain = create_api_key(OPERATOR, project, name=name)
    for key in existing:
        revoke_api_key(OPERATOR, key, reason="rotated")
    return plain.value


def _service_account(organization: Any, *, rotate: bool) -> dict[str, str | None]:
    from orgs.queries import service_accounts
    from orgs.role_bindings import Assignment
    from orgs.service_accounts import create_service_account, rotate_secret

    for account in service_accounts(OPERATOR, organization):
        if account.name == _BOOTSTRAP:
            plain = rotate_secret(OPERATOR, account) if rotate else None
            break
    else:
        account, plain = create_service_account(
            OPERATOR, organization, name=_BOOTSTRAP, assignments=[Assignment(Role.ORG_OWNER)]
        )
    return {"client_id": account.client_id, "client_secret": plain.value if plain else None}


def _owner(organization: Any, *, rotate: bool) -> dict[str, str | None]:
    from accounts.passwords import generated_password
    from accounts.queries import find_user_by_email
    from orgs.members import create_member, set_member_password

    password = generated_password()
    user = find_user_by_email(_OWNER_EMAIL)
    if user is None:
        create_member(
            OPERATOR, organization,
            email=_OWNER_EMAIL, name="Owner", password=password, role=Role.ORG_OWNER,
        )  # fmt: skip
    elif rotate:
        set_member_password(OPERATOR, organization, user=user, password=password)
    else:
        return {"email": _OWNER_EMAIL, "password": None}
    return {"email": _OWNER_EMAIL, "password": password}
