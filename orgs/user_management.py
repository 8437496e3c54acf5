"""Who decides about an organization's people: its owners here, or its identity provider alone."""

from access.actor import Actor
from accounts.models import User
from kit.errors import FailedPrecondition
from orgs.models import Organization, UserManagement
from orgs.plans import FEATURES, Feature, Plan

_NEEDS = {UserManagement.SAML: Feature.SSO, UserManagement.SCIM: Feature.SCIM}
_DECIDES = {
    UserManagement.SAML: "the attributes that its identity provider sends at each sign-in (SAML)",
    UserManagement.SCIM: "the directory that its identity provider keeps here (SCIM)",
}


def deciding(organization: Organization) -> UserManagement:
    """What the organization chose, as long as its plan includes it: else nobody could decide."""
    chosen = UserManagement(organization.user_management)
    needed = _NEEDS.get(chosen)
    is_included = needed is None or needed in FEATURES[Plan(organization.plan)]
    return chosen if is_included else UserManagement.CONSOLE


def require_decided_here(actor: Actor, organization: Organization) -> None:
    """Raise `FailedPrecondition` where members and roles come from the identity provider.

    The operator always may: somebody has to, when the provider is out of reach.
    """
    mode = deciding(organization)
    if mode is UserManagement.CONSOLE or actor.is_unbounded:
        return
    raise FailedPrecondition(
        f"Members of {organization.name} and their roles follow {_DECIDES[mode]}. Change them "
        "there, or let an owner manage people in the console first.",
        user_management=str(mode),
    )


def require_ended_here(actor: Actor, organization: Organization, user: User) -> None:
    """Raise `FailedPrecondition` where the directory holds the person in the organization.

    Members whom it does not know can be removed here: nothing would remove them else.
    """
    if deciding(organization) is not UserManagement.SCIM:
        return
    # The reverse relation, because the package of the directory stands above this one.
    if organization.directory_users.filter(user=user).exists():
        require_decided_here(actor, organization)
