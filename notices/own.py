"""What people do with notices: put one away, have them sent by mail."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from accounts.models import User
from audit.actions import Action
from audit.record import record
from notices.kinds import MEANINGS, Kind
from notices.models import Dismissal, MailWish, Notice
from orgs.models import Organization
from orgs.verbs import verb


@verb(Action.NOTICE_DISMISSED)
def dismiss_notice(actor: Actor, notice: Notice, *, user: User) -> None:
    """Put it away for this person; it comes back when it is so once more after it was over."""
    require(actor, MEANINGS[Kind(notice.kind)].permission, notice.scope)
    _, is_new = Dismissal.objects.get_or_create(
        organization_id=notice.organization_id, notice=notice, user=user
    )
    if is_new:
        record(actor, Action.NOTICE_DISMISSED, target=notice.audit_target())


@verb(Action.NOTICE_MAIL_CHOSEN)
def choose_mail(actor: Actor, organization: Organization, *, user: User, is_wanted: bool) -> None:
    """Whether new notices come by mail too."""
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    rows = MailWish.objects.filter(organization=organization, user=user)
    if rows.exists() == is_wanted:
        return
    if is_wanted:
        MailWish.objects.create(organization_id=organization.pk, user=user)
    else:
        rows.delete()
    target = organization.audit_target()
    record(actor, Action.NOTICE_MAIL_CHOSEN, target=target, is_wanted=is_wanted)
