"""`stonepine org`: the operator's acts on organizations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import billing
from cli.entry import HomeOption, JsonOption, enter, named_organization, operating
from cli.network_options import ANYWHERE, NETWORKS_HELP, listed

organizations = typer.Typer(help="Operator's acts on organizations.", no_args_is_help=True)
organizations.command("statement")(billing.statement)
organizations.command("set-caps")(billing.set_caps)


@organizations.command("set-plan")
def set_plan(organization: str, plan: str, *, home: HomeOption = None) -> None:
    """Put an organization (its id or slug) on a plan."""
    enter(home)
    from cli.bootstrap import set_plan as change

    change(organization, plan)
    typer.echo(f"{organization} is on the plan {plan} now.")


@organizations.command()
def suspend(
    organization: str,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")] = "",
    home: HomeOption = None,
) -> None:
    """Shut members and keys of an organization out until it is resumed."""
    with _organization(organization, home) as (operator, found):
        from orgs.organizations import suspend_organization

        suspend_organization(operator, found, reason=reason)
    typer.echo(f"{organization} is suspended.")


@organizations.command()
def resume(organization: str, *, home: HomeOption = None) -> None:
    """Let members and keys of a suspended organization in again."""
    with _organization(organization, home) as (operator, found):
        from orgs.organizations import resume_organization

        resume_organization(operator, found)
    typer.echo(f"{organization} is open again.")


@organizations.command()
def networks(
    organization: str,
    *,
    people: Annotated[list[str] | None, typer.Option(help=NETWORKS_HELP)] = None,
    service_accounts: Annotated[list[str] | None, typer.Option(help=NETWORKS_HELP)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where people and service accounts have to come from; with options, change it first."""
    with _organization(organization, home) as (operator, found):
        from orgs.networks import set_sign_in_networks, shown_networks

        changed = set_sign_in_networks(
            operator, found, people=listed(people), service_accounts=listed(service_accounts)
        )
        shown = shown_networks(changed)
    for name, networks in shown.items() if not as_json else ():
        typer.echo(f"{name.replace('_', ' ').capitalize()}: {', '.join(networks) or ANYWHERE}")
    if as_json:
        typer.echo(json.dumps(shown, indent=1))


@organizations.command()
def retention(
    organization: str,
    *,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="What is kept for how many days, such as metrics=90; metrics=usual gives the "
            "choice up. May be given several times."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where backups are older, which go then.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how long an organization keeps what it need not keep; with options, change it first."""
    wanted = dict(map(_days_kept, keep or ()))
    with _organization(organization, home) as (operator, found):
        from compliance.retention import set_retention
        from orgs.kept import RULES, Kept
        from orgs.retention import shown_retention

        changed = set_retention(operator, found, days=wanted, is_forced=force)
        shown = shown_retention(changed)
    for name, days in shown.items() if not as_json else ():
        told = f"{days} days" if days is not None else "until somebody deletes them"
        typer.echo(f"{name}: {told} ({RULES[Kept(name)].title})")
    if as_json:
        typer.echo(json.dumps(shown, indent=1))


def _days_kept(told: str) -> tuple[str, int | None]:
    name, _, days = told.partition("=")
    if days == "usual":
        return name, None
    if not days.isdecimal():
        raise typer.BadParameter(f"{told!r} is not like metrics=90 or metrics=usual.")
    return name, int(days)


@organizations.command()
def evidence(organization: str, *, home: HomeOption = None) -> None:
    """Print what an auditor asks of one organization, as JSON; it stands in its audit log."""
    with _organization(organization, home) as (operator, found):
        from compliance.evidence import export_evidence

        document = export_evidence(operator, found)
    typer.echo(json.dumps(document, indent=1, ensure_ascii=False))


@organizations.command()
def support(
    organization: str,
    *,
    request: Annotated[str, typer.Option(help="Ask its owners to let you look; why.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End what is open or asked for.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who looked at an organization as its support, and until when; with options, act first.

    Only the organization's own people let the operator in.
    """
    with _organization(organization, home) as (operator, found):
        from orgs.support import end_support, request_support, support_accesses

        if end:
            end_support(operator, found)
        if request:
            request_support(operator, found, reason=request)
        rows = [
            {
                "status": str(one.status),
                "reason": one.reason,
                "requested_by": one.requested_by,
                "granted_by": one.granted_by,
                "over_at": one.over_at.isoformat(timespec="seconds"),
            }
            for one in support_accesses(operator, found)
        ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(value or "-" for value in row.values()))


@contextmanager
def _organization(reference: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the organization."""
    with operating(home) as operator:
        yield operator, named_organization(reference)
