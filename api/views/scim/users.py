"""Users: found, added, replaced, changed and removed."""

from django.http import HttpResponse
from rest_framework.request import Request
from scim2_models import Context

from api.views.scim.base import (
    ScimView,
    answer,
    identifier,
    json_of,
    listed,
    query_of,
    resource_of,
    search_of,
)
from sso.scim.patching import patched
from sso.scim.resources import User
from sso.scim.search import get_user, search_users
from sso.scim.users import change_user, create_user, delete_user, replacement


class UsersView(ScimView):
    """All of them, page by page."""

    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del organization_id
        wanted = search_of(query_of(request), User)
        return listed(search_users(self.actor, self.organization, wanted), wanted, User)

    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        wanted = resource_of(self, User, Context.RESOURCE_CREATION_REQUEST)
        row = create_user(self.actor, self.organization, wanted=wanted)
        resource = get_user(self.actor, self.organization, row.pk)
        return answer(self, resource, status=201, is_new=True)


class UserView(ScimView):
    """One of them, by its id."""

    def get(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="User")
        return answer(self, get_user(self.actor, self.organization, found))

    def put(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="User")
        wanted = resource_of(self, User, Context.RESOURCE_REPLACEMENT_REQUEST)
        change_user(
            self.actor, self.organization,
            user_id=found, change=lambda now: replacement(now, wanted), match=self.match,
        )  # fmt: skip
        return answer(self, get_user(self.actor, self.organization, found))

    def patch(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found, body = identifier(resource_id, noun="User"), json_of(self)
        change_user(
            self.actor, self.organization,
            user_id=found, change=lambda now: patched(now, body), match=self.match,
        )  # fmt: skip
        return answer(self, get_user(self.actor, self.organization, found))

    def delete(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="User")
        delete_user(self.actor, self.organization, user_id=found, match=self.match)
        return HttpResponse(status=204)
