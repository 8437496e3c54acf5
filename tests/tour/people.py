"""Who belongs to the tour's organization, who is about to, and which machines and providers do."""

from datetime import timedelta

from access.actor import OPERATOR, Actor
from access.permissions import Role
from accounts.models import User
from kit import clock
from orgs.audit_log import search_events
from orgs.invitations import create_invitation
from orgs.members import create_member
from orgs.models import Organization
from orgs.operators import add_operator
from orgs.queries import session_actor
from orgs.role_bindings import Assignment
from orgs.service_accounts import add_secret, create_service_account
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, disable_api_key
from projects.key_bounds import Bounds
from projects.members import add_project_member
from projects.models import Project
from sso.connections import create_connection, set_provider
from sso.metadata import ProviderMetadata
from sso.models import IdpCertificate, TestSignOn
from sso.scim.groups import create_group, map_group
from sso.scim.resources import Group
from sso.scim.tokens import create_scim_token
from sso.scim.users import create_user
from tests.sso.factory import signer
from tests.support.codes import with_app
from tests.support.directory import described, verify
from tests.support.sessions import a_session_of
from tests.support.world import PASSWORD
from tests.tour.furniture import OWNERS_ADDRESS, VIEWERS_ADDRESS

_ON_A_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
_TEAM = (
    ("Mara Aydin", OWNERS_ADDRESS, Role.ORG_OWNER, None),
    ("Vera Lind", VIEWERS_ADDRESS, Role.ORG_MEMBER, Role.PROJECT_VIEWER),
    ("Jonas Weber", "jonas@hollin.example", Role.ORG_MANAGER, Role.PROJECT_OWNER),
    ("Priya Nair", "priya@hollin.example", Role.ORG_MEMBER, Role.PROJECT_EDITOR),
    ("Tomás Rivera", "tomas@hollin.example", Role.ORG_MEMBER, Role.DATA_PLANE_EDITOR),
    ("Annika Sørensen", "annika@hollin.example", Role.ORG_BILLING_ADMIN, None),
)


def hire(organization: Organization, project: Project) -> dict[str, User]:
    """By address. Mara, the owner, has an authenticator app and a session elsewhere, and runs the
    installation too."""
    team = {}
    for name, email, role, on_project in _TEAM:
        team[email] = create_member(
            OPERATOR, organization, email=email, name=name, password=PASSWORD, role=role
        )
        if on_project:
            add_project_member(OPERATOR, project, user=team[email], role=on_project)
    add_operator(OPERATOR, team[OWNERS_ADDRESS])
    with_app(team[OWNERS_ADDRESS])
    a_session_of(team[OWNERS_ADDRESS], user_agent=_ON_A_PHONE)
    return team


def invite(
    organization: Organization, project: Project, *, actor: Actor = OPERATOR
) -> dict[str, str]:
    roles = [Assignment(Role.ORG_MEMBER), Assignment(Role.PROJECT_EDITOR, project.pk)]
    for email in ("nora.lindqvist@hollin.example", "accounts-payable@partners.pine.example"):
        invitation, _ = create_invitation(actor, organization, email=email, assignments=roles)
    return {"invitation_id": str(invitation.pk)}


def automate(
    organization: Organization, project: Project, *, actor: Actor = OPERATOR
) -> dict[str, str]:
    """API keys and service accounts, of the owner's making."""
    soon = clock.now() + timedelta(days=6)
    for name, role in (
        ("terraform", Role.CONTROL_PLANE_EDITOR),
        ("ingest-worker", Role.DATA_PLANE_EDITOR),
        ("storefront", Role.DATA_PLANE_VIEWER),
    ):
        create_api_key(actor, project, name=name, roles=[role])
    create_api_key(actor, project, name="notebook-mara", expires_at=soon)
    bounds = Bounds(namespaces=("eu",), networks=("203.0.113.0/24",))
    key, _ = create_api_key(actor, project, name="edge-reader", bounds=bounds)
    disable_api_key(actor, key)
    for name in ("nightly-backups", "terraform-of-the-platform-team"):
        account, _ = create_service_account(
            actor, organization, name=name,
            assignments=[Assignment(Role.ORG_MANAGER), Assignment(Role.PROJECT_EDITOR, project.pk)],
        )  # fmt: skip
    secret, _ = add_secret(actor, account, expires_at=clock.now() + timedelta(days=90))
    return {
        "key_id": str(key.pk),
        "service_account_id": str(account.pk),
        "secret_id": str(secret.pk),
    }


def connect(
    organization: Organization, project: Project, team: dict[str, User], *, actor: Actor = OPERATOR
) -> dict[str, str]:
    """An identity provider: domains, a connection with a test, and a directory."""
    owner = team[OWNERS_ADDRESS]
    verify(organization, "hollin.example")
    connection = create_connection(actor, organization, name="Okta", preset="okta")
    provider = ProviderMetadata(
        "https://idp.hollin.example/exk1f", "https://idp.hollin.example/sso", None, None, None,
        (signer("Hollin Labs").certificate,),
    )  # fmt: skip
    set_provider(actor, connection, provider=provider)
    arrived = {
        "issuer": "https://idp.hollin.example/exk1f",
        "name_id": OWNERS_ADDRESS,
        "attributes": {"email": [OWNERS_ADDRESS], "groups": ["Engineering", "Search"]},
    }
    with tenant(organization.pk):
        certificate = IdpCertificate.objects.filter(connection=connection)[0]
        test = TestSignOn.objects.create(
            organization=organization, connection=connection, user_id=owner.pk, arrived=arrived
        )
    token, _ = create_scim_token(actor, organization, name="Okta, production")
    group = create_group(OPERATOR, organization, wanted=Group(display_name="Engineering"))
    roles = ["pinecone:OrgManager", f"pinecone:project:{project.pk}:ProjectEditor"]
    map_group(actor, group, roles=roles)
    create_user(OPERATOR, organization, wanted=described("priya@hollin.example"))
    return {
        "connection": str(connection.pk),
        "certificate": str(certificate.pk),
        "test": str(test.pk),
        "token_id": str(token.pk),
        "group_id": str(group.pk),
        "user_id": str(team["priya@hollin.example"].pk),
    }


def events(organization: Organization, project: Project) -> dict[str, str]:
    """One of the audit log, and a factor of the owner's."""
    from allauth.mfa.models import Authenticator

    from accounts.queries import find_user_by_email

    owner = find_user_by_email(OWNERS_ADDRESS)
    assert owner is not None
    newest = search_events(session_actor(owner), organization, limit=1)
    factor = Authenticator.objects.filter(user=owner, type=Authenticator.Type.TOTP)[0]
    return {"event_id": str(newest.events[0].pk), "factor_id": str(factor.pk)}
