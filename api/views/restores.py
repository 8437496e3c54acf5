"""Restore jobs: start one from a backup, list, describe, cancel."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import PAGING, pages
from api.parsing import body_of
from api.schemas.admin.lists import rendered_page
from api.schemas.backups import paging_for, parse_moment, parse_restore, render_restore_job
from api.views.base import ControlPlaneView
from audit.actions import Action
from indexes.backup_models import RestoreJob
from indexes.backup_queries import get_backup, get_restore_job, visible_restore_jobs
from indexes.moments import create_index_from_moment
from indexes.queries import get_index
from indexes.restores import cancel_restore_job, create_index_from_backup
from orgs.verbs import denials_recorded


class RestoreView(ControlPlaneView):
    """A new index of a backup."""

    @extend_schema(
        operation_id="create_index_from_backup",
        request=body("CreateIndexFromBackupStrictly"),
        responses={202: reply("Restoring")},
    )
    def post(self, request: Request, backup_id: str) -> Response:
        del request
        wish = parse_restore(body_of(self.request_as_received), self.api_version)
        with denials_recorded(self.actor, Action.BACKUP_RESTORED, self.project, name=backup_id):
            backup = get_backup(self.actor, self.project, backup_id)
        return _restoring(create_index_from_backup(self.actor, backup, **asdict(wish)))


class MomentView(ControlPlaneView):
    """A new index of what another one was at a second: an extension of Pinecone's API."""

    @extend_schema(
        operation_id="create_index_from_moment",
        request=body("CreateIndexFromMoment"),
        responses={202: reply("Restoring")},
    )
    def post(self, request: Request, name: str) -> Response:
        del request
        wish, moment = parse_moment(body_of(self.request_as_received))
        with denials_recorded(self.actor, Action.INDEX_RESTORED, self.project, name=name):
            index = get_index(self.actor, self.project, name)
        job = create_index_from_moment(self.actor, index, restore_to=moment, **asdict(wish))
        return _restoring(job)


def _restoring(job: RestoreJob) -> Response:
    made = {"restore_job_id": str(job.pk), "index_id": str(job.target_index_id)}
    return Response(made, status=202)


class RestoreJobsView(ControlPlaneView):
    """The restore jobs of the key's project."""

    @extend_schema(
        operation_id="list_restore_jobs", parameters=PAGING, responses={200: pages("RestoreJob")}
    )
    def get(self, request: Request) -> Response:
        paging = paging_for(request.query_params, self.api_version)
        page = visible_restore_jobs(self.actor, self.project, **paging)
        return Response(rendered_page(page, lambda one: render_restore_job(one, self.api_version)))


class RestoreJobView(ControlPlaneView):
    """One restore job, by its id."""

    @extend_schema(operation_id="describe_restore_job", responses={200: reply("RestoreJob")})
    def get(self, request: Request, job_id: str) -> Response:
        del request
        job = get_restore_job(self.actor, self.project, job_id)
        return Response(render_restore_job(job, self.api_version))


class CancelView(ControlPlaneView):
    """Stop a restore job: an extension of Pinecone's API."""

    @extend_schema(
        operation_id="cancel_restore_job", request=None, responses={202: reply("RestoreJob")}
    )
    def post(self, request: Request, job_id: str) -> Response:
        del request
        with denials_recorded(self.actor, Action.RESTORE_CANCELLED, self.project, name=job_id):
            job = get_restore_job(self.actor, self.project, job_id)
        job = cancel_restore_job(self.actor, job)
        return Response(render_restore_job(job, self.api_version), status=202)
