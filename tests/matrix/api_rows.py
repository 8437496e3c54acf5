"""The matrix' rows of the control plane's API: what each method of each route needs."""

from tests.matrix.admin_rows import ROWS as ADMIN
from tests.matrix.reference import ANYONE, CONTROL_READ, CONTROL_WRITE
from tests.matrix.rows import Row, Rows
from tests.matrix.scim_rows import ROWS as SCIM

_DENSE = {"type": "dense_vector", "dimension": 4, "metric": "cosine"}
_TAKEN = {"name": "movies", "schema": {"fields": {"_values": _DENSE}}}
DAILY = {
    "name": "daily",
    "schedule": {"type": "time-based", "frequency": "daily"},
    "retention": {"expire_after_days": 7},
}

ROWS: Rows = {
    "GET healthz": Row(ANYONE, 200),
    "GET readyz": Row(ANYONE, 503),
    # As long as the operator has set no token there is no such page.
    "GET metrics": Row(ANYONE, 404),
    "GET docs/openapi.json": Row(ANYONE, 200),
    "GET indexes": Row(CONTROL_READ, 200),
    "POST indexes": Row(CONTROL_WRITE, 409, _TAKEN),
    "GET indexes/<str:name>": Row(CONTROL_READ, 200),
    "PATCH indexes/<str:name>": Row(CONTROL_WRITE, 200, {"deletion_protection": "enabled"}),
    "DELETE indexes/<str:name>": Row(CONTROL_WRITE, 403, says="Deletion protection"),
    "GET indexes/<str:name>/metrics": Row(CONTROL_READ, 200),
    "GET indexes/<str:name>/backups": Row(CONTROL_READ, 200),
    "POST indexes/<str:name>/backups": Row(CONTROL_WRITE, 400, {"name": "n" * 81}),
    "GET indexes/<str:name>/backup-schedules": Row(CONTROL_READ, 200),
    "POST indexes/<str:name>/backup-schedules": Row(CONTROL_WRITE, 409, DAILY),
    "GET backup-schedules/<str:schedule_id>": Row(CONTROL_READ, 200),
    "PATCH backup-schedules/<str:schedule_id>": Row(CONTROL_WRITE, 400, {"frequency": "hourly"}),
    "DELETE backup-schedules/<str:schedule_id>": Row(CONTROL_WRITE, 204, is_undone=True),
    "GET backup-schedules/<str:schedule_id>/history": Row(CONTROL_READ, 200),
    "POST indexes/<str:name>/create-index": Row(
        CONTROL_WRITE, 400, {"name": "again", "restore_to": "2100-01-01T00:00:00Z"}
    ),
    "GET backups": Row(CONTROL_READ, 200),
    "GET backups/<str:backup_id>": Row(CONTROL_READ, 200),
    "DELETE backups/<str:backup_id>": Row(CONTROL_WRITE, 412),
    "GET backups/<str:backup_id>/verifications": Row(CONTROL_READ, 200),
    "POST backups/<str:backup_id>/verifications": Row(CONTROL_WRITE, 412),
    "POST backups/<str:backup_id>/create-index": Row(CONTROL_WRITE, 409, {"name": "movies"}),
    "GET collections": Row(CONTROL_READ, 200),
    "POST collections": Row(CONTROL_WRITE, 400, {"name": "Not So", "source": "movies"}),
    "GET collections/<str:collection>": Row(CONTROL_READ, 200),
    "DELETE collections/<str:collection>": Row(CONTROL_WRITE, 412),
    "GET restore-jobs": Row(CONTROL_READ, 200),
    "GET restore-jobs/<str:job_id>": Row(CONTROL_READ, 200),
    "POST restore-jobs/<str:job_id>/cancel": Row(CONTROL_WRITE, 412),
    "GET prometheus/projects/<uuid:project_id>/metrics/discover": Row(CONTROL_READ, 200),
    "GET prometheus/projects/<uuid:project_id>/metrics/discovery": Row(CONTROL_READ, 200),
    "GET projects/<uuid:project_id>/metrics/export": Row(CONTROL_READ, 200),
    "POST oauth/token": Row(ANYONE, 400),
    **ADMIN,
    **SCIM,
}
# REST framework answers HEAD wherever it answers GET.
ROWS |= {key.replace("GET", "HEAD"): row for key, row in ROWS.items() if key.startswith("GET ")}
