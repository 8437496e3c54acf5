"""What the service says of itself: its abilities, kinds of resources and their attributes."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from scim2_models import Context, Meta, Resource, ResourceType, Schema

from api.scim import NotSupported
from api.views.scim.base import ScimView, listed, rendered
from kit.errors import Forbidden, NotFound
from orgs.models import Organization
from sso.scim.rendering import base_url
from sso.scim.resources import resource_types, schemas, service_provider_config
from sso.scim.search import Matches


class ServiceProviderConfigView(ScimView):
    """Which parts of the protocol are supported."""

    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        found = _located(service_provider_config(), self.organization, "ServiceProviderConfig")
        return rendered(found, None, Context.RESOURCE_QUERY_RESPONSE)


class ResourceTypesView(ScimView):
    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del organization_id
        return _all(request, _resource_types(self.organization), ResourceType)


class ResourceTypeView(ScimView):
    def get(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        return _one(_resource_types(self.organization), resource_id)


class SchemasView(ScimView):
    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del organization_id
        return _all(request, _schemas(self.organization), Schema)


class SchemaView(ScimView):
    def get(self, request: Request, organization_id: str, resource_id: str) -> HttpResponse:
        del request, organization_id
        return _one(_schemas(self.organization), resource_id)


class BulkView(ScimView):
    """Refused by name, not as an unknown address."""

    def post(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        raise NotSupported("Bulk requests are not supported: send one request for each change.")


class MeView(ScimView):
    """Refused by name: a provider's token stands for no person."""

    def get(self, request: Request, organization_id: str) -> HttpResponse:
        del request, organization_id
        raise NotSupported("/Me is not supported: a SCIM token stands for no person.")


def _resource_types(organization: Organization) -> list[ResourceType]:
    return [
        _located(one, organization, f"ResourceTypes/{one.id}", "ResourceType")
        for one in resource_types()
    ]


def _schemas(organization: Organization) -> list[Schema]:
    return [_located(one, organization, f"Schemas/{one.id}", "Schema") for one in schemas()]


def _located(resource: Any, organization: Organization, path: str, kind: str = "") -> Any:
    location = f"{base_url(organization)}/{path}"
    resource.meta = Meta(resource_type=kind or path, location=location)
    return resource


def _all(request: Request, found: Sequence[Resource[Any]], model: Any) -> HttpResponse:
    if "filter" in request.query_params:
        # RFC 7644, section 4: so that nobody takes what is left for all there is.
        raise Forbidden("These are not filtered.")
    return listed(Matches(len(found), 1, list(found)), None, model)


def _one(found: Sequence[Resource[Any]], name: str) -> HttpResponse:
    for resource in found:
        if resource.id == name:
            return rendered(resource, None, Context.RESOURCE_QUERY_RESPONSE)
    raise NotFound(f"There is no {name[:200]} here.")
