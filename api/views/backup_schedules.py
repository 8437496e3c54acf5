"""Backup schedules: create, list, describe, update, delete, history."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import PAGING, pages
from api.parsing import body_of
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.backup_schedules import (
    parse_schedule,
    parse_schedule_change,
    render_run,
    render_schedule,
)
from api.views.base import ControlPlaneView
from audit.actions import Action
from indexes.backup_schedule_queries import (
    get_backup_schedule,
    visible_backup_schedules,
    visible_schedule_history,
)
from indexes.backup_schedules import (
    create_backup_schedule,
    delete_backup_schedule,
    update_backup_schedule,
)
from indexes.queries import get_index
from orgs.verbs import denials_recorded


class IndexSchedulesView(ControlPlaneView):
    """The backup schedules of one index, by its name."""

    @extend_schema(
        operation_id="list_backup_schedules",
        parameters=PAGING,
        responses={200: pages("BackupSchedule")},
    )
    def get(self, request: Request, name: str) -> Response:
        index = get_index(self.actor, self.project, name)
        page = visible_backup_schedules(self.actor, index, **paging_of(request.query_params))
        return Response(rendered_page(page, render_schedule))

    @extend_schema(
        operation_id="create_backup_schedule",
        request=body("CreateBackupSchedule"),
        responses={200: reply("BackupSchedule")},
    )
    def post(self, request: Request, name: str) -> Response:
        del request
        wish = parse_schedule(body_of(self.request_as_received))
        act = Action.BACKUP_SCHEDULE_CREATED
        with denials_recorded(self.actor, act, self.project, name=name):
            index = get_index(self.actor, self.project, name)
        return Response(render_schedule(create_backup_schedule(self.actor, index, **asdict(wish))))


class BackupScheduleView(ControlPlaneView):
    """One backup schedule, by its id."""

    @extend_schema(
        operation_id="describe_backup_schedule", responses={200: reply("BackupSchedule")}
    )
    def get(self, request: Request, schedule_id: str) -> Response:
        del request
        return Response(render_schedule(get_backup_schedule(self.actor, self.project, schedule_id)))

    @extend_schema(
        operation_id="update_backup_schedule",
        request=body("UpdateBackupSchedule"),
        responses={200: reply("BackupSchedule")},
    )
    def patch(self, request: Request, schedule_id: str) -> Response:
        del request
        wish = parse_schedule_change(body_of(self.request_as_received))
        act = Action.BACKUP_SCHEDULE_UPDATED
        with denials_recorded(self.actor, act, self.project, name=schedule_id):
            found = get_backup_schedule(self.actor, self.project, schedule_id)
        return Response(render_schedule(update_backup_schedule(self.actor, found, **asdict(wish))))

    @extend_schema(operation_id="delete_backup_schedule", responses={204: None})
    def delete(self, request: Request, schedule_id: str) -> Response:
        del request
        act = Action.BACKUP_SCHEDULE_DELETED
        with denials_recorded(self.actor, act, self.project, name=schedule_id):
            found = get_backup_schedule(self.actor, self.project, schedule_id)
        delete_backup_schedule(self.actor, found)
        return Response(status=204)


class ScheduleHistoryView(ControlPlaneView):
    """What one backup schedule has had taken."""

    @extend_schema(
        operation_id="list_backup_schedule_history",
        parameters=PAGING,
        responses={200: pages("Backup")},
    )
    def get(self, request: Request, schedule_id: str) -> Response:
        found = get_backup_schedule(self.actor, self.project, schedule_id)
        page = visible_schedule_history(self.actor, found, **paging_of(request.query_params))
        return Response(rendered_page(page, lambda one: render_run(one, self.api_version)))
