"""An index's backups: those there are, one more now, and its schedule."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.forms.backups import BackupForm, ScheduleForm
from console.forms.base import ConsoleForm
from console.index_page import Node, index_crumbs, index_url, render_tab
from console.navigation import Crumb
from console.paging import ROWS, after
from console.render import go, is_fragment_wanted, render_fragment, render_sheet
from console.views.backups import table_of
from console.visit import Visit, guard, project_page
from indexes.backup_queries import visible_backups
from indexes.backup_schedule_models import BackupSchedule
from indexes.backup_schedule_queries import visible_backup_schedules
from indexes.backup_schedules import (
    create_backup_schedule,
    delete_backup_schedule,
    update_backup_schedule,
)
from indexes.backups import create_backup
from indexes.models import Index
from indexes.queries import get_index
from kit.errors import StonepineError


@require_GET
@project_page
def overview(visit: Visit, name: str) -> HttpResponse:
    index = get_index(visit.actor, visit.here, name)
    start = after(visit.request)
    page = visible_backups(visit.actor, visit.here, limit=ROWS, after=start, index=index)
    context = {
        "index": index,
        **table_of(visit, page),
        "schedule": _schedule_of(visit, index),
        "is_pod": "pod" in index.spec,
    }
    if is_fragment_wanted(visit):
        return render_fragment(visit, "backups/index.html#rows", context)
    return render_tab(Node(visit, index), "index_backups", "backups/index.html", context)


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit, name: str) -> HttpResponse:
    guard(visit, Permission.INDEX_UPDATE, Action.BACKUP_CREATED, name=name)
    index = get_index(visit.actor, visit.here, name)
    form = BackupForm(visit.posted)
    if form.is_valid():
        try:
            create_backup(visit.actor, index, **form.cleaned_data)
            return go(visit, _backups_url(visit, name), saying="The backup is being taken")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "backups/_new.html", index, form, title=f"Back up {index.name}")


@require_http_methods(["GET", "POST"])
@project_page
def schedule(visit: Visit, name: str) -> HttpResponse:
    """Make the index's schedule, or change the one that it has, or pause it."""
    guard(visit, Permission.INDEX_UPDATE, Action.BACKUP_SCHEDULE_UPDATED, name=name)
    index = get_index(visit.actor, visit.here, name)
    found = _schedule_of(visit, index)
    form = ScheduleForm(visit.request.POST or None, initial=_initial(found))
    form.fields["name"].disabled = found is not None
    if found is None:
        del form.fields["is_enabled"]
    if form.is_valid():
        try:
            _save(visit, index, found, dict(form.cleaned_data))
            return go(visit, _backups_url(visit, name), saying="Schedule saved")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "backups/_schedule.html", index, form, title="Schedule backups")


@require_http_methods(["GET", "POST"])
@project_page
def schedule_delete(visit: Visit, name: str) -> HttpResponse:
    guard(visit, Permission.INDEX_UPDATE, Action.BACKUP_SCHEDULE_DELETED, name=name)
    index = get_index(visit.actor, visit.here, name)
    found = _schedule_of(visit, index)
    form = ConsoleForm(visit.posted)
    if form.is_valid():
        if found is not None:
            delete_backup_schedule(visit.actor, found)
        return go(visit, _backups_url(visit, name), saying="Schedule deleted")
    return _sheet(visit, "backups/_schedule_delete.html", index, form, title="Delete schedule")


def _save(visit: Visit, index: Index, found: BackupSchedule | None, wish: dict[str, Any]) -> None:
    if found is None:
        create_backup_schedule(visit.actor, index, **wish)
        return
    del wish["name"]
    update_backup_schedule(visit.actor, found, **wish)


def _schedule_of(visit: Visit, index: Index) -> BackupSchedule | None:
    """The one that is enabled, else the newest."""
    rows = visible_backup_schedules(visit.actor, index, limit=ROWS).rows
    return next((one for one in rows if one.is_enabled), rows[0] if rows else None)


def _initial(found: BackupSchedule | None) -> dict[str, Any]:
    if found is None:
        return {"name": "nightly", "frequency": "daily", "hour": 3}
    fields = ("name", "frequency", "hour", "keep_days", "keep_count", "is_enabled")
    return {field: getattr(found, field) for field in fields}


def _backups_url(visit: Visit, name: str) -> str:
    return index_url(visit, name, "index_backups")


def _sheet(
    visit: Visit, sheet: str, index: Index, form: ConsoleForm, *, title: str
) -> HttpResponse:
    context = {"index": index, "form": form}
    trail = (*index_crumbs(visit, index), Crumb("Backups", _backups_url(visit, index.name)))
    invalid = bool(form.errors)
    return render_sheet(visit, sheet, context, title=title, trail=trail, is_invalid=invalid)
