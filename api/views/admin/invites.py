"""Invites: list, create, describe, delete, resend."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import PAGING, pages
from api.parsing import body_of
from api.schemas.admin.bodies import CreateInvite
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.admin.replies import render_invite
from api.schemas.admin.requests import assignments_of, identifier, parsed
from api.views.admin.base import AdminView
from audit.actions import Action
from orgs.directory import get_invitation, invitations
from orgs.invitations import create_invitation, resend_invitation, revoke_invitation
from orgs.models import Invitation
from orgs.verbs import denials_recorded


class InvitesView(AdminView):
    """Pending and expired ones; accepted ones are found by their id only."""

    @extend_schema(operation_id="list_invites", parameters=PAGING, responses={200: pages("Invite")})
    def get(self, request: Request) -> Response:
        page = invitations(self.actor, self.organization, **paging_of(request.query_params))
        return Response(rendered_page(page, render_invite))

    @extend_schema(
        operation_id="create_invite",
        request=body("CreateInvite"),
        responses={201: reply("Invite")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateInvite, self.api_version)
        roles = assignments_of(wish.role_bindings, self.organization)
        invitation, _ = create_invitation(
            self.actor, self.organization, email=wish.email, assignments=roles
        )
        return Response(render_invite(invitation), status=201)


class InviteView(AdminView):
    """One invitation, by its id."""

    @extend_schema(operation_id="fetch_invite", responses={200: reply("Invite")})
    def get(self, request: Request, invite_id: str) -> Response:
        del request
        found = found_invitation(self, invite_id)
        return Response(render_invite(found))

    @extend_schema(operation_id="delete_invite", responses={204: None})
    def delete(self, request: Request, invite_id: str) -> Response:
        del request
        with denials_recorded(
            self.actor, Action.INVITATION_REVOKED, self.organization, invite=invite_id
        ):
            found = found_invitation(self, invite_id)
        revoke_invitation(self.actor, found)
        return Response(status=204)


class ResendInviteView(AdminView):
    """A new mail, good for seven days from now."""

    @extend_schema(operation_id="resend_invite", request=None, responses={200: reply("Invite")})
    def post(self, request: Request, invite_id: str) -> Response:
        del request
        with denials_recorded(
            self.actor, Action.INVITATION_RESENT, self.organization, invite=invite_id
        ):
            found = found_invitation(self, invite_id)
        renewed, _ = resend_invitation(self.actor, found)
        return Response(render_invite(renewed))


def found_invitation(view: AdminView, invite_id: str) -> Invitation:
    wanted = identifier(invite_id, noun="Invitation")
    return get_invitation(view.actor, view.organization, wanted)
