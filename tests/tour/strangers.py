"""Addresses that are good once and for whoever has them: links of mails, and of set-up."""

from access.actor import OPERATOR
from access.permissions import Role
from accounts.links import email_change_token, reset_token, sign_up_token
from accounts.models import User
from orgs.invitations import create_invitation
from orgs.models import Organization
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.setup import mint_setup_link


def paths(organization: Organization, team: dict[str, User]) -> dict[str, str]:
    """By route."""
    fresh = create_organization(OPERATOR, name="Fresh", plan=Plan.ENTERPRISE)
    assignments = [Assignment(Role.ORG_MEMBER)]
    _, invitation = create_invitation(
        OPERATOR, organization, email="otto@hollin.example", assignments=assignments
    )
    # A link for a new password ends when its person signs in: nobody walks as this one.
    priya, tomas = (team[f"{name}@hollin.example"] for name in ("priya", "tomas"))
    moved = email_change_token(priya, "priya.nair@hollin.example")
    return {
        "setup": f"/setup?token={mint_setup_link(OPERATOR, fresh).value}",
        "invite/<str:token>": f"/invite/{invitation.value}",
        "reset/<str:token>": f"/reset/{reset_token(tomas)}",
        "verify/account/<str:token>": f"/verify/account/{sign_up_token('nora@hollin.example')}",
        "verify/address/<str:token>": f"/verify/address/{moved}",
        "confirm": "/confirm?next=/account/email",
    }
