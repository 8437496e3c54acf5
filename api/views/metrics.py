"""Metrics: of an index as series, of a project for Prometheus."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import reply
from api.openapi_lists import query
from api.prometheus import project_exposition
from api.schemas.metrics import render_metrics
from api.views.base import ControlPlaneView
from billing.queries import units_by_index
from indexes.metrics.queries import OPERATIONS, index_metrics
from indexes.metrics.ranges import Range
from indexes.metrics.totals import index_totals
from indexes.queries import get_index, visible_indexes
from kit.environment import environment
from kit.errors import InvalidArgument, NotFound
from kit.exposition import CONTENT_TYPE


class IndexMetricsView(ControlPlaneView):
    """One index over one range. An addition of ours: Pinecone's API has no such path."""

    @extend_schema(
        operation_id="get_index_metrics",
        parameters=[query("range", OpenApiTypes.STR), query("operation", OpenApiTypes.STR)],
        responses={200: reply("IndexMetrics")},
    )
    def get(self, request: Request, name: str) -> Response:
        over = Range.parse(request.query_params.get("range", Range.DAY))
        operation = request.query_params.get("operation", OPERATIONS[0])
        if operation not in OPERATIONS:
            raise InvalidArgument(
                f"operation is one of {', '.join(OPERATIONS)}.", field="operation"
            )
        index = get_index(self.actor, self.project, name)
        return Response(
            render_metrics(index_metrics(self.actor, index, over=over, operation=operation))
        )


class _ProjectMetricsView(ControlPlaneView):
    def _require_own(self, project_id: UUID) -> None:
        """A key tells of its own project only: what is foreign is not there."""
        if project_id != self.project.pk:
            raise NotFound("There is nothing here.")


class DiscoveryView(_ProjectMetricsView):
    """Where Prometheus finds the metrics of the project (http_sd)."""

    @extend_schema(
        operation_id="fetch_prometheus_targets", responses={200: reply("PrometheusTargets")}
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        del request
        self._require_own(project_id)
        # As the export: whoever may not scrape need not know where.
        visible_indexes(self.actor, self.project)
        here = environment()
        labels = {
            "__scheme__": here.advertised_scheme,
            "__metrics_path__": f"/projects/{project_id}/metrics/export",
        }
        return Response([{"targets": [f"{here.advertised_host}:{here.port}"], "labels": labels}])


class DiscoveryByGuideView(DiscoveryView):
    """The same: Pinecone's specification says discover, its guide says discovery."""

    @extend_schema(
        operation_id="fetch_prometheus_targets_by_guide",
        responses={200: reply("PrometheusTargets")},
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        return super().get(request, project_id)


class ExportView(_ProjectMetricsView):
    """The metrics of all indexes that the key may read, in Prometheus' text format."""

    @extend_schema(operation_id="export_metrics", responses={200: OpenApiTypes.STR})
    def get(self, request: Request, project_id: UUID) -> HttpResponse:
        del request
        self._require_own(project_id)
        totals = index_totals(self.actor, self.project)
        units = units_by_index(self.actor, self.project)
        return HttpResponse(project_exposition(totals, units), content_type=CONTENT_TYPE)
