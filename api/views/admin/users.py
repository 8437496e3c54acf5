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
from orgs.directory import get_member, users
from orgs.models import Membership


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

    def _found(self, user_id: str) -> Membership:
        return get_member(self.actor, self.organization, identifier(user_id, noun="User"))
