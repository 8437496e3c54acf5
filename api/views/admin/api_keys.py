"""API keys: list and create in a project; describe, update, delete."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.permissions import Role
from api.openapi import body, reply
from api.openapi_lists import listing
from api.parsing import body_of
from api.schemas.admin.bodies import CreateApiKey, UpdateApiKey
from api.schemas.admin.replies import render_api_key
from api.schemas.admin.requests import identifier, parsed, roles_of
from api.views.admin.base import AdminView
from audit.actions import Action
from orgs.verbs import denials_recorded
from projects.api_keys import create_api_key, revoke_api_key, update_api_key
from projects.models import ApiKey, Project
from projects.queries import api_keys, get_api_key_by_id, get_project_by_id


class ApiKeysView(AdminView):
    """The keys of one project."""

    @extend_schema(operation_id="list_project_api_keys", responses={200: listing("APIKey")})
    def get(self, request: Request, project_id: str) -> Response:
        del request
        found = api_keys(self.actor, self._project(project_id))
        return Response({"data": [render_api_key(one) for one in found]})

    @extend_schema(
        operation_id="create_api_key",
        request=body("CreateApiKey"),
        responses={201: reply("APIKeyWithSecret")},
    )
    def post(self, request: Request, project_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateApiKey, self.api_version)
        roles = [Role.PROJECT_EDITOR] if wish.roles is None else roles_of(wish.roles)
        project = self._project(project_id)
        key, plain = create_api_key(self.actor, project, name=wish.name, roles=roles)
        return Response({"key": render_api_key(key), "value": plain.value}, status=201)

    def _project(self, project_id: str) -> Project:
        wanted = identifier(project_id, noun="Project")
        return get_project_by_id(self.actor, self.organization, wanted)


class ApiKeyView(AdminView):
    """One key, by its id."""

    @extend_schema(operation_id="fetch_api_key", responses={200: reply("APIKey")})
    def get(self, request: Request, api_key_id: str) -> Response:
        del request
        return Response(render_api_key(self._found(api_key_id)))

    @extend_schema(
        operation_id="update_api_key",
        request=body("UpdateApiKey"),
        responses={200: reply("APIKey")},
    )
    def patch(self, request: Request, api_key_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateApiKey, self.api_version)
        roles = None if wish.roles is None else roles_of(wish.roles)
        with denials_recorded(
            self.actor, Action.API_KEY_UPDATED, self.organization, api_key=api_key_id
        ):
            key = self._found(api_key_id)
        changed = update_api_key(self.actor, key, name=wish.name, roles=roles)
        return Response(render_api_key(changed))

    @extend_schema(operation_id="delete_api_key", responses={202: None})
    def delete(self, request: Request, api_key_id: str) -> Response:
        del request
        with denials_recorded(
            self.actor, Action.API_KEY_REVOKED, self.organization, api_key=api_key_id
        ):
            key = self._found(api_key_id)
        revoke_api_key(self.actor, key, reason="deleted through the Admin API")
        return Response(status=202)

    def _found(self, api_key_id: str) -> ApiKey:
        wanted = identifier(api_key_id, noun="API key")
        return get_api_key_by_id(self.actor, self.organization, wanted)
