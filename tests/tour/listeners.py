"""Who listens in the tour: webhooks that are well, failing and turned off, and audit streams."""

from datetime import timedelta

from access.actor import OPERATOR, Actor
from audit.models import Delivery as Batch
from audit.models import Stream
from kit import clock
from orgs.audit_streams import create_stream
from orgs.models import Organization
from projects.models import Project
from tests.matrix.console_rows import ROWS
from tests.matrix.walk import filled
from webhooks.catalogue import offered
from webhooks.endpoints import create_webhook, disable_webhook
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook

_AT = "o/<slug:organization>/webhooks"
# Instead of an answer.
_SILENT = 0
# Event, subject, answers in turn, how long ago in minutes.
_LOG = (
    ("index.ready", "articles", (200,), 3),
    ("backup.ready", "articles-2026-11-26", (503, 200), 42),
    ("api_key.created", "notebook-mara", (200,), 65),
    ("import.completed", "catalogue", (500, _SILENT, 500), 190),
    ("backup.failed", "products-2026-11-25", (200,), 1_470),
)


def listen(
    organization: Organization, project: Project, *, actor: Actor = OPERATOR
) -> dict[str, str]:
    """Ids of a webhook of the project, and of one of its deliveries."""
    chosen = [one.name for one in offered(is_of_project=True)][:9]
    well = _made(
        actor, project, "Deploy bot", "https://deploy.hollin.example/hooks/stonepine", chosen
    )
    failing = _made(
        actor, project, "On-call", "https://events.pager.example/v2/enqueue", chosen[:2]
    )
    gone = _made(actor, project, "Old dashboard", "https://dash.hollin.example/in", chosen[:1])
    rows = Webhook.objects.using("system")
    rows.filter(pk=failing.pk).update(failing_since=clock.now() - timedelta(hours=2))
    disable_webhook(
        OPERATOR, gone,
        reason="Nothing was delivered for 24 hours. The last failure: The receiver answered 502.",
    )  # fmt: skip
    rows.filter(pk=well.pk).update(last_delivered_at=clock.now() - timedelta(minutes=3))
    delivery = [told(well, *entry) for entry in reversed(_LOG)][1]
    return {
        "webhook_id": str(well.pk),
        "delivery_id": str(delivery.pk),
        **_streamed(actor, organization),
    }


def paths(organization: Organization) -> dict[str, str]:
    """Whole addresses of the pages of a webhook of the organization's own."""
    webhook = _made(
        OPERATOR, organization, "SIEM", "https://siem.hollin.example/in", ["member.added"]
    )
    delivery = told(webhook, "member.added", "Priya Nair", (204,), 8)
    Webhook.objects.using("system").filter(pk=webhook.pk).update(
        created_at=clock.now() - timedelta(days=40),
        last_delivered_at=clock.now() - timedelta(minutes=8),
    )
    values = {
        "organization": organization.slug,
        "webhook_id": str(webhook.pk),
        "delivery_id": str(delivery.pk),
    }
    return {route: filled(route, values) for route in routes()}


def routes() -> list[str]:
    """About one webhook of the organization's own."""
    return [key.removeprefix("GET ") for key in ROWS if key.startswith(f"GET {_AT}/<")]


def _streamed(actor: Actor, organization: Organization) -> dict[str, str]:
    """A stream that is taken, and one that fails."""
    siem = create_stream(
        actor, organization, name="SIEM", kind="http",
        config={"url": "https://siem.hollin.example/in"},
    ).stream  # fmt: skip
    syslog = {"host": "logs.hollin.example", "port": 6514, "tls": True}
    logs = create_stream(
        actor, organization, name="Log host", kind="syslog", config=syslog
    ).stream  # fmt: skip
    now = clock.now()
    Stream.objects.using("system").filter(pk=logs.pk).update(
        attempts=3, last_error="logs.hollin.example did not take the connection.",
        next_attempt_at=now + timedelta(minutes=2),
    )  # fmt: skip
    Batch.objects.using("system").create(
        organization_id=organization.pk, stream=siem, first_sequence=siem.cursor + 1,
        last_sequence=siem.cursor + 1, status="delivered", attempts=1, delivered_at=now,
    )  # fmt: skip
    Stream.objects.using("system").filter(pk=siem.pk).update(
        cursor=siem.cursor + 1, last_delivered_at=now, next_attempt_at=now + timedelta(days=1)
    )
    return {"stream_id": str(siem.pk), "receiver": "http"}


def _made(
    actor: Actor, place: Organization | Project, name: str, url: str, events: list[str]
) -> Webhook:
    return create_webhook(actor, place, name=name, url=url, events=events).webhook


def told(
    webhook: Webhook, kind: str, name: str, answers: tuple[int, ...], minutes: int
) -> Delivery:
    at = clock.now() - timedelta(minutes=minutes)
    is_taken = answers[-1] in range(200, 300)
    delivery = Delivery(
        organization_id=webhook.organization_id, webhook=webhook, type=kind, occurred_at=at,
        content={
            "project_id": str(webhook.project_id) if webhook.project_id else None,
            "subject": {"type": kind.partition(".")[0], "id": str(webhook.pk), "name": name},
        },
        status=DeliveryStatus.DELIVERED if is_taken else DeliveryStatus.FAILED,
        attempts=len(answers), created_at=at, finished_at=at,
    )  # fmt: skip
    delivery.save(using="system", force_insert=True)
    for number, status in enumerate(answers):
        Attempt(
            organization_id=webhook.organization_id, delivery=delivery,
            duration_ms=38 + 67 * number if status else 10_000, response_status=status or None,
            started_at=at + timedelta(seconds=30 * number),
            error=_complaint(status),
        ).save(using="system", force_insert=True)  # fmt: skip
    return delivery


def _complaint(status: int) -> str:
    if status == _SILENT:
        return "The receiver did not answer within 10 seconds."
    return "" if status in range(200, 300) else f"The receiver answered {status}."
