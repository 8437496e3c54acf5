"""What a member has to look at: the list, putting one away, having them sent by mail."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from console.bell import look_again
from console.navigation import Crumb, project_url
from console.render import go, render_page
from console.visit import Visit, organization_page
from notices.kinds import Kind
from notices.models import Notice
from notices.own import choose_mail, dismiss_notice
from notices.queries import comes_by_mail, get_notice, notices_for
from projects.models import Project
from projects.queries import visible_projects

_TITLE = "Notices"
# Where each kind is looked into: at the project where it has one.
_PAGES = {
    Kind.BACKUP_FAILED: "backups",
    Kind.CERTIFICATE_EXPIRING: "sso",
    Kind.KEY_EXPIRING: "keys",
    Kind.QUOTA_NEAR: "quotas",
    Kind.SUPPORT_REQUESTED: "settings",
    Kind.WEBHOOK_DISABLED: "webhooks",
}


@dataclass(frozen=True, slots=True)
class NoticeRow:
    notice: Notice
    place: str
    url: str


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    projects = {one.pk: one for one in visible_projects(visit.actor, visit.organization)}
    found = notices_for(visit.actor, visit.organization, visit.user)
    look_again(visit)
    context = {
        "rows": [_row(visit, one, projects) for one in found],
        "comes_by_mail": comes_by_mail(visit.actor, visit.organization, visit.user),
    }
    return render_page(visit, "notices/list.html", context, trail=(Crumb(_TITLE),))


@require_POST
@organization_page
def dismiss(visit: Visit, notice_id: UUID) -> HttpResponse:
    notice = get_notice(visit.actor, visit.organization, notice_id)
    dismiss_notice(visit.actor, notice, user=visit.user)
    look_again(visit)
    return go(visit, _here(visit), saying="Notice put away")


@require_POST
@organization_page
def mail(visit: Visit) -> HttpResponse:
    is_wanted = visit.request.POST.get("wanted") == "1"
    choose_mail(visit.actor, visit.organization, user=visit.user, is_wanted=is_wanted)
    done = "Notices come by mail too" if is_wanted else "Notices do not come by mail any more"
    return go(visit, _here(visit), saying=done)


def _row(visit: Visit, notice: Notice, projects: dict[UUID, Project]) -> NoticeRow:
    page = _PAGES[Kind(notice.kind)]
    project = projects.get(notice.project_id) if notice.project_id else None
    if project is None:
        url = reverse(f"console:{page}", args=[visit.organization.slug])
        return NoticeRow(notice, visit.organization.name, url)
    own = f"project_{page}" if page == "webhooks" else page
    return NoticeRow(notice, project.name, project_url(visit.organization, project, own))


def _here(visit: Visit) -> str:
    return reverse("console:notices", args=[visit.organization.slug])
