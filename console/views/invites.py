"""Invitations as an owner keeps them: asking an address to join, asking again, taking it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from access.permissions import Permission, Role
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.invitations import InvitationForm
from console.render import go, render_sheet
from console.snippets import snippets
from console.views.members import here, trail
from console.visit import Visit, guard, organization_page
from kit.errors import StonepineError
from orgs.directory import get_invitation
from orgs.invitations import create_invitation, resend_invitation, revoke_invitation
from projects.queries import visible_projects


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def new(visit: Visit) -> HttpResponse:
    """Each address gets an invitation of its own; those that are refused stay in the form."""
    guard(visit, Permission.MEMBER_WRITE, Action.INVITATION_CREATED)
    projects = visible_projects(visit.actor, visit.organization)
    form = InvitationForm(visit.posted, initial={"roles": [Role.ORG_MEMBER]}, projects=projects)
    if form.is_valid():
        sent, refused = _invite(visit, form)
        told = f"Invitation sent to {', '.join(sent)}"
        if not refused:
            return go(visit, here(visit), saying=told)
        if sent:
            messages.success(visit.request, told)
        form.keep(refused)
    context = {"form": form, "projects": projects, "snippets": snippets("invite", ("curl",))}
    return render_sheet(
        visit, "members/_invite.html", context,
        title="Invite people", trail=(trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_POST
@organization_page
def resend(visit: Visit, invitation_id: UUID) -> HttpResponse:
    """A new mail to the same address with the same roles; the link of the old one stops working."""
    guard(visit, Permission.MEMBER_WRITE, Action.INVITATION_RESENT, invite=str(invitation_id))
    invitation = get_invitation(visit.actor, visit.organization, invitation_id)
    renewed, _ = resend_invitation(visit.actor, invitation)
    return go(visit, here(visit), saying=f"Invitation sent to {renewed.email} again")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def revoke(visit: Visit, invitation_id: UUID) -> HttpResponse:
    guard(visit, Permission.MEMBER_WRITE, Action.INVITATION_REVOKED, invite=str(invitation_id))
    invitation = get_invitation(visit.actor, visit.organization, invitation_id)
    if visit.request.method == "POST":
        revoke_invitation(visit.actor, invitation)
        return go(visit, here(visit), saying=f"Invitation of {invitation.email} revoked")
    return render_sheet(
        visit, "members/_revoke.html", {"invitation": invitation, "form": ConsoleForm()},
        title=f"Revoke the invitation of {invitation.email}", trail=(trail(visit),),
    )  # fmt: skip


def _invite(visit: Visit, form: InvitationForm) -> tuple[list[str], dict[str, str]]:
    """Who is invited, and why the others are not."""
    sent, refused = [], {}
    for email in form.cleaned_data["emails"]:
        try:
            create_invitation(
                visit.actor, visit.organization, email=email, assignments=form.assignments
            )
            sent.append(email)
        except StonepineError as error:
            refused[email] = error.message
    return sent, refused
