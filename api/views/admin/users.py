"""Users: the people of an organization; list, describe, remove."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import reply
from api.openapi_lists import PAGING, pages, query
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.admin.replies import render_user
from api.schemas.admin.requests import identifier
from api.views.admin.base import AdminView
from audit.actions import Action
from orgs.departures import remove_member
from orgs.directory import get_member, users
from orgs.models import Membership
from orgs.verbs import denials_recorded


class UsersView(AdminView):
    """The members, in the order they joined."""

    @extend_schema(
        operation_id="list_users",
        parameters=[query("email"), *PAGING],
        responses={200: pages("User")},
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        page = users(self.actor, self.organization, email=asked.get("email"), **paging_of(asked))
        return Response(rendered_page(page, render_user))


class UserView(AdminView):
    """One member, by the account's id."""

    @extend_schema(operation_id="fetch_user", responses={200: reply("User")})
    def get(self, request: Request, user_id: str) -> Response:
        del request
        return Response(render_user(self._found(user_id)))

    @extend_schema(operation_id="delete_user", responses={204: None})
    def delete(self, request: Request, user_id: str) -> Response:
        del request
        with denials_recorded(self.actor, Action.MEMBER_REMOVED, self.organization, user=user_id):
            member = self._found(user_id)
        remove_member(self.actor, self.organization, user=member.user)
        return Response(status=204)

    def _found(self, user_id: str) -> Membership:
        return get_member(self.actor, self.organization, identifier(user_id, noun="User"))
