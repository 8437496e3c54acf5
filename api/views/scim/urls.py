"""Routes of SCIM, below one base for each organization."""

from django.urls import path

from api.views.scim.discovery import (
    BulkView,
    MeView,
    ResourceTypesView,
    ResourceTypeView,
    SchemasView,
    SchemaView,
    ServiceProviderConfigView,
)
from api.views.scim.groups import GroupsView, GroupView
from api.views.scim.search import SearchGroupsView, SearchUsersView, SearchView
from api.views.scim.users import UsersView, UserView

_ROUTES = {
    "ServiceProviderConfig": ServiceProviderConfigView,
    "ResourceTypes": ResourceTypesView,
    "ResourceTypes/<str:resource_id>": ResourceTypeView,
    "Schemas": SchemasView,
    "Schemas/<str:resource_id>": SchemaView,
    ".search": SearchView,
    "Users/.search": SearchUsersView,
    "Groups/.search": SearchGroupsView,
    "Users": UsersView,
    "Users/<str:resource_id>": UserView,
    "Groups": GroupsView,
    "Groups/<str:resource_id>": GroupView,
    "Bulk": BulkView,
    "Me": MeView,
}
urlpatterns = [
    path(f"scim/v2/<str:organization_id>/{route}", view.as_view())
    for route, view in _ROUTES.items()
]
