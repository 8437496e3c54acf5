"""`stonepine webhook …`: webhooks of any organization, as the operator."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating

if TYPE_CHECKING:
    from access.actor import Actor
    from webhooks.models import Webhook

webhooks = typer.Typer(help="Webhooks: make, list, test, rotate, deliveries.", no_args_is_help=True)
_Organization = Annotated[str, typer.Argument(help="The organization's slug or id.")]
_Webhook = Annotated[UUID, typer.Argument(help="The webhook's id.")]
_Project = Annotated[str, typer.Option("--project", help="Only of this project: its slug or id.")]


@webhooks.command()
def create(
    organization: _Organization,
    name: str,
    url: str,
    *,
    event: Annotated[list[str], typer.Option("--event", help="A type; may be repeated.")],
    project: _Project = "",
    home: HomeOption = None,
) -> None:
    """Make a webhook; prints its id and, this once, its secret."""
    with operating(home) as operator:
        from webhooks.endpoints import create_webhook

        place = _place(operator, organization, project)
        new = create_webhook(operator, place, name=name, url=url, events=event)
    typer.echo(f"{new.webhook.pk}\n{new.secret}")


@webhooks.command("list")
def list_all(
    organization: _Organization,
    *,
    project: _Project = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Webhooks and whether they are well."""
    with operating(home) as operator:
        from webhooks.queries import webhooks as found_at
        from webhooks.secret_store import url_of

        found = found_at(operator, _place(operator, organization, project))
    rows = [
        {
            "id": str(one.pk), "name": one.name, "url": url_of(one), "events": one.events,
            "enabled": one.is_enabled, "disabled_reason": one.disabled_because,
            "failing_since": one.failing_since.isoformat() if one.failing_since else None,
        }
        for one in found
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        state = "on" if row["enabled"] else f"off: {row['disabled_reason'] or 'by hand'}"
        typer.echo(f"{row['id']}  {row['name']}  {row['url']}  {state}")


@webhooks.command("test")
def try_out(organization: _Organization, webhook: _Webhook, *, home: HomeOption = None) -> None:
    """Send a test event now. Exit code 1: it was not taken."""
    with operating(home) as operator:
        from webhooks.deliveries import test_webhook

        tried = test_webhook(operator, _found(operator, organization, webhook))
    typer.echo(f"{tried.error or tried.response_status} after {tried.duration_ms} ms")
    raise typer.Exit(1 if tried.error else 0)


@webhooks.command("rotate-secret")
def rotate(
    organization: _Organization,
    webhook: _Webhook,
    *,
    overlap_hours: Annotated[
        int, typer.Option(help="How long the old one stays valid beside it.")
    ] = 24,
    home: HomeOption = None,
) -> None:
    """Make a new secret; prints it this once."""
    with operating(home) as operator:
        from webhooks.endpoints import rotate_secret

        found = _found(operator, organization, webhook)
        new = rotate_secret(operator, found, overlap=timedelta(hours=overlap_hours))
    typer.echo(new.secret)


@webhooks.command()
def enable(organization: _Organization, webhook: _Webhook, *, home: HomeOption = None) -> None:
    """Turn it on; what waited is sent."""
    with operating(home) as operator:
        from webhooks.endpoints import enable_webhook

        enable_webhook(operator, _found(operator, organization, webhook))


@webhooks.command()
def disable(
    organization: _Organization,
    webhook: _Webhook,
    *,
    reason: Annotated[str, typer.Option(help="Shown to who looks at it.")] = "",
    home: HomeOption = None,
) -> None:
    """Turn it off: it hears nothing new, and what waits is not sent."""
    with operating(home) as operator:
        from webhooks.endpoints import disable_webhook

        disable_webhook(operator, _found(operator, organization, webhook), reason=reason)


@webhooks.command()
def delete(organization: _Organization, webhook: _Webhook, *, home: HomeOption = None) -> None:
    """Delete it with its log."""
    with operating(home) as operator:
        from webhooks.endpoints import delete_webhook

        delete_webhook(operator, _found(operator, organization, webhook))


@webhooks.command("deliveries")
def list_deliveries(
    organization: _Organization, webhook: _Webhook, *, home: HomeOption = None
) -> None:
    """The newest hundred, each with its last answer."""
    with operating(home) as operator:
        from webhooks.queries import deliveries

        page = deliveries(operator, _found(operator, organization, webhook))
        lines = [
            "  ".join(
                (
                    str(one.pk),
                    f"{one.occurred_at:%Y-%m-%d %H:%M:%S}Z",
                    one.type,
                    one.status,
                    _last(one),
                )
            )
            for one in page.rows
        ]
    for line in lines:
        typer.echo(line.strip())


@webhooks.command()
def redeliver(
    organization: _Organization,
    webhook: _Webhook,
    delivery: Annotated[UUID, typer.Argument(help="The delivery's id.")],
    *,
    home: HomeOption = None,
) -> None:
    """Send an event once more."""
    with operating(home) as operator:
        from webhooks.deliveries import redeliver as again
        from webhooks.queries import get_delivery

        found = _found(operator, organization, webhook)
        again(operator, found, get_delivery(operator, found, delivery))


def _last(delivery: Any) -> str:
    tries = sorted(delivery.tries.all(), key=lambda one: one.started_at)
    return str(tries[-1].error or tries[-1].response_status) if tries else ""


def _place(operator: "Actor", organization: str, project: str) -> Any:
    from projects.queries import find_project

    found = named_organization(organization)
    return find_project(operator, found, project) if project else found


def _found(operator: "Actor", organization: str, webhook_id: UUID) -> "Webhook":
    from webhooks.queries import get_webhook

    return get_webhook(operator, named_organization(organization), webhook_id)
