"""Backups: create, list, describe, delete."""

from dataclasses import asdict

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import PAGING, listing, pages, query
from api.parsing import body_of
from api.schemas.admin.lists import rendered_page
from api.schemas.backups import (
    paging_for,
    parse_backup,
    render_backup,
    render_verification,
)
from api.versions import Version
from api.views.base import ControlPlaneView
from audit.actions import Action
from indexes.backup_queries import get_backup, visible_backups
from indexes.backups import create_backup, delete_backup
from indexes.queries import get_index
from indexes.verifications import verifications_of, verify_backup
from orgs.verbs import denials_recorded


class IndexBackupsView(ControlPlaneView):
    """The backups of one index, by its name."""

    @extend_schema(
        operation_id="list_index_backups",
        parameters=[*PAGING, query("include_deleted", OpenApiTypes.BOOL)],
        responses={200: pages("Backup")},
    )
    def get(self, request: Request, name: str) -> Response:
        paging = paging_for(request.query_params, self.api_version)
        if request.query_params.get("include_deleted") == "true":
            page = visible_backups(self.actor, self.project, index_name=name, **paging)
            if not page.rows and paging["after"] is None:
                get_index(self.actor, self.project, name)
        else:
            index = get_index(self.actor, self.project, name)
            page = visible_backups(self.actor, self.project, index=index, **paging)
        return Response(rendered_page(page, lambda one: render_backup(one, self.api_version)))

    @extend_schema(
        operation_id="create_backup",
        request=body("CreateBackupStrictly"),
        responses={200: reply("Backup")},
    )
    def post(self, request: Request, name: str) -> Response:
        del request
        wish = parse_backup(body_of(self.request_as_received), self.api_version)
        with denials_recorded(self.actor, Action.BACKUP_CREATED, self.project, name=name):
            index = get_index(self.actor, self.project, name)
        backup = create_backup(self.actor, index, **asdict(wish))
        status = 200 if self.api_version >= Version.V2026_07 else 201
        return Response(render_backup(backup, self.api_version), status=status)


class BackupsView(ControlPlaneView):
    """The backups of the key's project."""

    @extend_schema(
        operation_id="list_project_backups", parameters=PAGING, responses={200: pages("Backup")}
    )
    def get(self, request: Request) -> Response:
        paging = paging_for(request.query_params, self.api_version)
        page = visible_backups(self.actor, self.project, **paging)
        return Response(rendered_page(page, lambda one: render_backup(one, self.api_version)))


class BackupView(ControlPlaneView):
    """One backup, by its id."""

    @extend_schema(operation_id="describe_backup", responses={200: reply("Backup")})
    def get(self, request: Request, backup_id: str) -> Response:
        del request
        found = get_backup(self.actor, self.project, backup_id)
        return Response(render_backup(found, self.api_version))

    @extend_schema(operation_id="delete_backup", responses={202: None})
    def delete(self, request: Request, backup_id: str) -> Response:
        del request
        with denials_recorded(self.actor, Action.BACKUP_DELETED, self.project, name=backup_id):
            backup = get_backup(self.actor, self.project, backup_id)
        delete_backup(self.actor, backup)
        return Response(status=202)


class VerificationsView(ControlPlaneView):
    """Whether one backup is sound: an extension of Pinecone's API."""

    @extend_schema(
        operation_id="list_backup_verifications", responses={200: listing("BackupVerification")}
    )
    def get(self, request: Request, backup_id: str) -> Response:
        del request
        backup = get_backup(self.actor, self.project, backup_id)
        found = verifications_of(self.actor, backup)
        return Response({"data": [render_verification(one) for one in found]})

    @extend_schema(
        operation_id="verify_backup", request=None, responses={202: reply("BackupVerification")}
    )
    def post(self, request: Request, backup_id: str) -> Response:
        del request
        act = Action.BACKUP_VERIFICATION_STARTED
        with denials_recorded(self.actor, act, self.project, name=backup_id):
            backup = get_backup(self.actor, self.project, backup_id)
        return Response(render_verification(verify_backup(self.actor, backup)), status=202)
