"""Groups: found, added, replaced, changed and removed."""

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
from sso.scim.groups import change_group, create_group, delete_group
from sso.scim.patching import patched
from sso.scim.resources import Group
from sso.scim.search import get_group, search_groups


class GroupsView(ScimView):
    """All of them, page by page."""

    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del organization_id
        wanted = search_of(query_of(request), Group)
        return listed(search_groups(self.actor, self.organization, wanted), wanted, Group)

    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        wanted = resource_of(self, Group, Context.RESOURCE_CREATION_REQUEST)
        row = create_group(self.actor, self.organization, wanted=wanted)
        resource = get_group(self.actor, self.organization, row.pk)
        return answer(self, resource, status=201, is_new=True)


class GroupView(ScimView):
    """One of them, by its id."""

    def get(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="Group")
        return answer(self, get_group(self.actor, self.organization, found))

    def put(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="Group")
        wanted = resource_of(self, Group, Context.RESOURCE_REPLACEMENT_REQUEST)
        change_group(
            self.actor, self.organization,
            group_id=found, change=lambda _now: wanted, match=self.match,
        )  # fmt: skip
        return answer(self, get_group(self.actor, self.organization, found))

    def patch(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found, body = identifier(resource_id, noun="Group"), json_of(self)
        change_group(
            self.actor, self.organization,
            group_id=found, change=lambda now: patched(now, body), match=self.match,
        )  # fmt: skip
        return answer(self, get_group(self.actor, self.organization, found))

    def delete(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        found = identifier(resource_id, noun="Group")
        delete_group(self.actor, self.organization, group_id=found, match=self.match)
        return HttpResponse(status=204)
