"""Making the notices what was found: new ones stand and are told, those that are over go."""

import json
from collections import defaultdict
from uuid import UUID

import structlog
from django.db import connections, transaction

from access.decide import decide
from accounts.letters import Letter, post
from kit import clock
from notices.kinds import MEANINGS, Kind
from notices.models import MailWish, Notice
from notices.watch import Finding, look
from orgs.models import Organization
from orgs.queries import session_actor

_log = structlog.get_logger(__name__)


def settle() -> None:
    """Look, and settle each organization apart. Crosses tenants."""
    found: dict[UUID, list[Finding]] = defaultdict(list)
    for one in look():
        found[one.organization_id].append(one)
    standing = Notice.objects.using("system").filter(resolved_at=None)
    concerned = found.keys() | set(standing.values_list("organization_id", flat=True))
    for organization in Organization.objects.using("system").filter(pk__in=concerned):
        try:
            _settle(organization, found[organization.pk])
        except Exception:  # noqa: BLE001 - whatever it is, the next one is somebody else's
            _log.exception("notices_not_settled", organization_id=str(organization.pk))


def _settle(organization: Organization, found: list[Finding]) -> None:
    with transaction.atomic("system"):
        # One worker at a time; the other finds nothing left to do.
        with connections["system"].cursor() as cursor:
            place = f"notices {organization.pk}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])
        rows = Notice.objects.using("system").filter(organization=organization, resolved_at=None)
        standing = {(one.kind, one.subject_id): one.pk for one in rows}
        now_so = {(str(one.kind), one.subject_id) for one in found}
        over = [pk for place, pk in standing.items() if place not in now_so]
        rows.filter(pk__in=over).update(resolved_at=clock.now())
        new = [_stand(one) for one in found if (str(one.kind), one.subject_id) not in standing]
        for notice in new:
            _mail(organization, notice)


def _stand(found: Finding) -> Notice:
    """The notice, and in the same transaction what webhooks hear of it."""
    notice = Notice(
        organization_id=found.organization_id,
        project_id=found.project_id,
        kind=found.kind,
        subject_id=found.subject_id,
        subject_name=found.subject_name[:120],
        detail=found.detail[:500],
        ends_at=found.ends_at,
    )
    notice.save(using="system", force_insert=True)
    event = MEANINGS[found.kind].event
    if event:
        told = {
            "subject": {
                "type": event.partition(".")[0], "id": found.subject_id, "name": found.subject_name,
            },
            "ends_at": found.ends_at.isoformat() if found.ends_at else None,
        }  # fmt: skip
        with connections["system"].cursor() as cursor:
            cursor.execute(
                "SELECT webhooks_announce(%s, %s, %s, %s)",
                [found.organization_id, found.project_id, event, json.dumps(told)],
            )
    return notice


def _mail(organization: Organization, notice: Notice) -> None:
    """To whoever wishes it and may see it, with the notice itself. Crosses tenants."""
    # Owners get letters of their own about these: sso/upkeep.py, orgs/support.py.
    if notice.kind in {Kind.CERTIFICATE_EXPIRING, Kind.SUPPORT_REQUESTED}:
        return
    wishes = MailWish.objects.using("system").filter(organization=organization)
    permission = MEANINGS[Kind(notice.kind)].permission
    for wish in wishes.select_related("user"):
        if (
            wish.user.is_active
            and decide(session_actor(wish.user), permission, notice.scope).is_allowed
        ):
            post(
                Letter.ATTENTION, wish.user.email, using="system",
                what=notice.title, detail=notice.detail, organization=organization.name,
            )  # fmt: skip
