"""Routes of the API."""

from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView

from api import openapi_security  # noqa: F401 - registers itself
from api.views import health, node_metrics
from api.views.admin import urls as admin
from api.views.backup_schedules import (
    BackupScheduleView,
    IndexSchedulesView,
    ScheduleHistoryView,
)
from api.views.backups import BackupsView, BackupView, IndexBackupsView, VerificationsView
from api.views.collections import CollectionsView, CollectionView
from api.views.indexes import IndexesView, IndexView
from api.views.metrics import DiscoveryByGuideView, DiscoveryView, ExportView, IndexMetricsView
from api.views.oauth import TokenView
from api.views.restores import CancelView, MomentView, RestoreJobsView, RestoreJobView, RestoreView
from api.views.scim import urls as scim

_PROMETHEUS = "prometheus/projects/<uuid:project_id>/metrics"

urlpatterns = [
    path("healthz", require_safe(health.healthz)),
    path("readyz", require_safe(health.readyz)),
    path("metrics", require_safe(node_metrics.metrics)),
    path("docs/openapi.json", require_safe(SpectacularJSONAPIView.as_view()), name="openapi"),
    path("indexes", IndexesView.as_view(), name="indexes"),
    path("indexes/<str:name>", IndexView.as_view(), name="index"),
    path("indexes/<str:name>/metrics", IndexMetricsView.as_view(), name="index-metrics"),
    path("indexes/<str:name>/backups", IndexBackupsView.as_view(), name="index-backups"),
    path(
        "indexes/<str:name>/backup-schedules",
        IndexSchedulesView.as_view(),
        name="index-backup-schedules",
    ),
    path(
        "backup-schedules/<str:schedule_id>", BackupScheduleView.as_view(), name="backup-schedule"
    ),
    path(
        "backup-schedules/<str:schedule_id>/history",
        ScheduleHistoryView.as_view(),
        name="backup-schedule-history",
    ),
    path("indexes/<str:name>/create-index", MomentView.as_view(), name="restore-to"),
    path("backups", BackupsView.as_view(), name="backups"),
    path("backups/<str:backup_id>", BackupView.as_view(), name="backup"),
    path(
        "backups/<str:backup_id>/verifications",
        VerificationsView.as_view(),
        name="backup-verifications",
    ),
    path("backups/<str:backup_id>/create-index", RestoreView.as_view(), name="restore"),
    path("collections", CollectionsView.as_view(), name="collections"),
    path("collections/<str:collection>", CollectionView.as_view(), name="collection"),
    path("restore-jobs", RestoreJobsView.as_view(), name="restore-jobs"),
    path("restore-jobs/<str:job_id>", RestoreJobView.as_view(), name="restore-job"),
    path("restore-jobs/<str:job_id>/cancel", CancelView.as_view(), name="restore-job-cancel"),
    path(f"{_PROMETHEUS}/discover", DiscoveryView.as_view(), name="metrics-discover"),
    path(f"{_PROMETHEUS}/discovery", DiscoveryByGuideView.as_view(), name="metrics-discovery"),
    path("projects/<uuid:project_id>/metrics/export", ExportView.as_view(), name="metrics-export"),
    path("oauth/token", TokenView.as_view(), name="token"),
    *admin.urlpatterns,
    *scim.urlpatterns,
]
