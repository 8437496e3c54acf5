"""A directory for the tests: verified domains, tokens, and the provider that holds one."""

from access.actor import OPERATOR, Actor
from access.permissions import Role
from kit import clock
from orgs.members import create_member
from orgs.models import EmailDomain, Membership, Organization, UserManagement
from orgs.tenancy import tenant
from sso.scim.resources import User
from sso.scim.tokens import authenticate_scim_token, create_scim_token
from sso.scim.users import create_user
from sso.user_management import set_user_management
from tests.support.world import PASSWORD

PINE, OAK = "pine.example", "oak.example"


def verify(organization: Organization, domain: str) -> None:
    """Planted as proven: the proof itself is tests/sso/test_domains.py's."""
    with tenant(organization.pk):
        EmailDomain.objects.create(
            organization=organization, domain=domain, token="t", verified_at=clock.now(),
            checked_at=clock.now(),
        )  # fmt: skip


def token_of(organization: Organization) -> str:
    return create_scim_token(OPERATOR, organization, name="Okta")[1].value


def provider_of(organization: Organization) -> Actor:
    """The identity provider, as its token makes it."""
    return authenticate_scim_token(token_of(organization), organization.public_id)[0]


def managed_by_scim(organization: Organization) -> None:
    """The domain is proven, an owner provisioned, the switch made."""
    verify(organization, PINE)
    create_member(
        OPERATOR, organization,
        email=f"olga@{PINE}", name="Olga", password=PASSWORD, role=Role.ORG_OWNER,
    )  # fmt: skip
    wanted = described(f"olga@{PINE}", roles=["pinecone:OrgOwner"])
    create_user(OPERATOR, organization, wanted=wanted)
    set_user_management(OPERATOR, organization, mode=UserManagement.SCIM)
    organization.refresh_from_db(using="system")


def described(user_name: str, *, roles: list[str] | None = None, active: bool = True) -> User:
    """A person as a provider describes them."""
    entries = [{"value": role} for role in roles or []]
    return User.model_validate({"userName": user_name, "active": active, "roles": entries or None})


def members(organization: Organization) -> set[str]:
    with tenant(organization.pk):
        return set(Membership.objects.values_list("user__email", flat=True))
