"""Searches by POST: the same as by GET, with nothing in the URL."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from scim2_models import SearchRequest

from api.views.scim.base import ScimView, json_of, listed, search_of
from sso.scim.resources import Group, User
from sso.scim.search import search_everything, search_groups, search_users


class SearchUsersView(ScimView):
    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        wanted = search_of(json_of(self), User)
        return listed(search_users(self.actor, self.organization, wanted), wanted, User)


class SearchGroupsView(ScimView):
    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        wanted = search_of(json_of(self), Group)
        return listed(search_groups(self.actor, self.organization, wanted), wanted, Group)


class SearchView(ScimView):
    """Users first, then groups."""

    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        wanted: SearchRequest[Any] = search_of(json_of(self), User | Group)
        found = search_everything(self.actor, self.organization, wanted)
        return listed(found, wanted, User | Group)
