"""A project's own encryption key: attach, describe, change, disable, check, detach."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.admin.bodies import AttachEncryptionKey, UpdateEncryptionKey
from api.schemas.admin.replies import render_encryption_key
from api.schemas.admin.requests import identifier, parsed
from api.views.admin.base import AdminView
from audit.actions import Action
from indexes.encryption_impact import impact_of_disabling
from orgs.verbs import denials_recorded
from projects.encryption_key_queries import data_key_count, get_encryption_key
from projects.encryption_keys import (
    attach_encryption_key,
    check_encryption_key,
    detach_encryption_key,
    disable_encryption_key,
    enable_encryption_key,
    update_encryption_key,
)
from projects.models import EncryptionKey, Project
from projects.queries import get_project_by_id


class _View(AdminView):
    def found_project(self, project_id: str) -> Project:
        wanted = identifier(project_id, noun="Project")
        return get_project_by_id(self.actor, self.organization, wanted)

    def found_key(self, project_id: str, action: Action) -> EncryptionKey:
        """For that act; who may not even see the key has tried it all the same."""
        project = self.found_project(project_id)
        with denials_recorded(self.actor, action, project):
            return get_encryption_key(self.actor, project)

    def told(self, key: EncryptionKey) -> Response:
        wrapped = data_key_count(self.actor, key.project)
        return Response(render_encryption_key(key, keys_wrapped=wrapped))


class EncryptionKeyView(_View):
    """The key around a project's data keys, and how its provider answers."""

    @extend_schema(operation_id="fetch_encryption_key", responses={200: reply("EncryptionKey")})
    def get(self, request: Request, project_id: str) -> Response:
        del request
        return self.told(get_encryption_key(self.actor, self.found_project(project_id)))

    @extend_schema(
        operation_id="attach_encryption_key",
        request=body("AttachEncryptionKey"),
        responses={201: reply("EncryptionKey")},
    )
    def post(self, request: Request, project_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), AttachEncryptionKey, self.api_version)
        made = attach_encryption_key(
            self.actor, self.found_project(project_id),
            kind=wish.kind, settings=wish.settings, secret=wish.secret,
        )  # fmt: skip
        response = self.told(made)
        response.status_code = 201
        return response

    @extend_schema(
        operation_id="update_encryption_key",
        request=body("UpdateEncryptionKey"),
        responses={200: reply("EncryptionKey")},
    )
    def patch(self, request: Request, project_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateEncryptionKey, self.api_version)
        key = self.found_key(project_id, Action.ENCRYPTION_KEY_UPDATED)
        return self.told(
            update_encryption_key(self.actor, key, settings=wish.settings or {}, secret=wish.secret)
        )

    @extend_schema(operation_id="detach_encryption_key", responses={204: None})
    def delete(self, request: Request, project_id: str) -> Response:
        del request
        key = self.found_key(project_id, Action.ENCRYPTION_KEY_DETACHED)
        detach_encryption_key(self.actor, key)
        return Response(status=204)


class DisableEncryptionKeyView(_View):
    """Nothing of the project can be read or written until the key is enabled."""

    @extend_schema(
        operation_id="disable_encryption_key",
        request=None,
        responses={200: reply("EncryptionKey")},
    )
    def post(self, request: Request, project_id: str) -> Response:
        del request
        key = self.found_key(project_id, Action.ENCRYPTION_KEY_DISABLED)
        return self.told(disable_encryption_key(self.actor, key))


class EnableEncryptionKeyView(_View):
    """Everything can be used again, if the provider agrees."""

    @extend_schema(
        operation_id="enable_encryption_key",
        request=None,
        responses={200: reply("EncryptionKey")},
    )
    def post(self, request: Request, project_id: str) -> Response:
        del request
        key = self.found_key(project_id, Action.ENCRYPTION_KEY_ENABLED)
        return self.told(enable_encryption_key(self.actor, key))


class CheckEncryptionKeyView(_View):
    """Ask the provider now."""

    @extend_schema(
        operation_id="check_encryption_key",
        request=None,
        responses={200: reply("EncryptionKey")},
    )
    def post(self, request: Request, project_id: str) -> Response:
        del request
        key = self.found_key(project_id, Action.ENCRYPTION_KEY_CHECKED)
        return self.told(check_encryption_key(self.actor, key))


class EncryptionKeyImpactView(_View):
    """What stops while the key is disabled."""

    @extend_schema(
        operation_id="fetch_encryption_key_impact",
        responses={200: reply("EncryptionKeyImpact")},
    )
    def get(self, request: Request, project_id: str) -> Response:
        del request
        found = impact_of_disabling(self.actor, self.found_project(project_id))
        return Response(asdict(found))
