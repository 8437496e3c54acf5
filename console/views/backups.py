"""The project's backups: the list, restoring one, having one verified, deleting one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.forms.backups import RestoreForm
from console.forms.base import ConsoleForm
from console.navigation import Crumb, project_url
from console.paging import ROWS, after, further
from console.render import go, render_page_or_fragment, render_sheet
from console.visit import Visit, guard, project_page
from indexes.backup_models import Backup, BackupStatus
from indexes.backup_queries import get_backup, visible_backups
from indexes.backups import delete_backup
from indexes.restores import create_index_from_backup
from indexes.verifications import under_way, verify_backup
from kit.errors import StonepineError
from kit.pagination import Page


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    page = visible_backups(visit.actor, visit.here, limit=ROWS, after=after(visit.request))
    return render_page_or_fragment(
        visit, "backups/list.html", "rows", table_of(visit, page), trail=(Crumb("Backups"),)
    )


def table_of(visit: Visit, page: Page[Backup]) -> dict[str, Any]:
    """What backups/_rows.html shows; it asks again for itself while something is under way."""
    verifying = under_way(visit.here, page.rows)
    is_under_way = verifying or any(one.status == BackupStatus.INITIALIZING for one in page.rows)
    return {
        "backups": page.rows,
        "verifying": verifying,
        "is_under_way": bool(is_under_way),
        "next": further(visit.request, "after", page.next_after),
    }


@require_http_methods(["GET", "POST"])
@project_page
def restore(visit: Visit, backup_id: UUID) -> HttpResponse:
    guard(visit, Permission.INDEX_CREATE, Action.BACKUP_RESTORED, id=str(backup_id))
    backup = get_backup(visit.actor, visit.here, str(backup_id))
    form = RestoreForm(visit.request.POST or None)
    if form.is_valid():
        try:
            job = create_index_from_backup(visit.actor, backup, **form.cleaned_data)
            url = project_url(visit.organization, visit.here, "restore_jobs")
            return go(visit, url, saying=f"Restoring into {job.target_index_name}")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "backups/_restore.html", backup, form, title="Restore backup")


@require_POST
@project_page
def verify(visit: Visit, backup_id: UUID) -> HttpResponse:
    act = Action.BACKUP_VERIFICATION_STARTED
    guard(visit, Permission.INDEX_UPDATE, act, id=str(backup_id))
    verify_backup(visit.actor, get_backup(visit.actor, visit.here, str(backup_id)))
    messages.success(visit.request, "The backup is being verified")
    return redirect(trail(visit).url)


@require_http_methods(["GET", "POST"])
@project_page
def delete(visit: Visit, backup_id: UUID) -> HttpResponse:
    guard(visit, Permission.INDEX_DELETE, Action.BACKUP_DELETED, id=str(backup_id))
    backup = get_backup(visit.actor, visit.here, str(backup_id))
    form = ConsoleForm(visit.posted)
    if form.is_valid():
        try:
            delete_backup(visit.actor, backup)
            return go(visit, trail(visit).url, saying="Backup deleted")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "backups/_delete.html", backup, form, title="Delete backup")


def trail(visit: Visit) -> Crumb:
    return Crumb("Backups", project_url(visit.organization, visit.here, "backups"))


def _sheet(
    visit: Visit, sheet: str, backup: Backup, form: ConsoleForm, *, title: str
) -> HttpResponse:
    context = {"backup": backup, "form": form}
    invalid = bool(form.errors)
    return render_sheet(
        visit, sheet, context, title=title, trail=(trail(visit),), is_invalid=invalid
    )
