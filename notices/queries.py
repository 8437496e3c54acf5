"""Which notices a person sees, and whether they come by mail."""

from uuid import UUID

from access.actor import Actor
from access.decide import decide, require
from access.permissions import Permission
from accounts.models import User
from kit.errors import NotFound
from notices.kinds import MEANINGS, Kind
from notices.models import MailWish, Notice
from orgs.models import Organization
from orgs.tenancy import tenant

_AT_MOST = 200


def notices_for(actor: Actor, organization: Organization, user: User) -> list[Notice]:
    """Those that stand, that the person may see and has not put away; the newest first."""
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    with tenant(organization.pk):
        rows = Notice.objects.filter(organization=organization, resolved_at=None)
        rows = rows.exclude(dismissals__user=user).order_by("-id")
        found = list(rows.select_related("organization")[:_AT_MOST])
    return [one for one in found if may_see(actor, one)]


def get_notice(actor: Actor, organization: Organization, notice_id: UUID) -> Notice:
    """One that stands; what the person may not see is not found."""
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    with tenant(organization.pk):
        rows = Notice.objects.filter(organization=organization, resolved_at=None)
        found = rows.select_related("organization").filter(pk=notice_id).first()
    if found is None or not may_see(actor, found):
        raise NotFound(f"Notice {notice_id} not found.")
    return found


def may_see(actor: Actor, notice: Notice) -> bool:
    return decide(actor, MEANINGS[Kind(notice.kind)].permission, notice.scope).is_allowed


def comes_by_mail(actor: Actor, organization: Organization, user: User) -> bool:
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    with tenant(organization.pk):
        return MailWish.objects.filter(organization=organization, user=user).exists()
