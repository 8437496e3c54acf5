"""`stonepine org statement` and `set-caps`: what an organization uses, and how much it may."""

import sys
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, enter


def statement(
    organization: str,
    *,
    month: Annotated[str, typer.Option(help="Year and month, in UTC: 2026-11.")],
    home: HomeOption = None,
) -> None:
    """Print an organization's (its id or slug) use of a month as CSV."""
    enter(home)
    from access.actor import OPERATOR
    from billing.months import Month
    from billing.statement import statement as lines

    for line in lines(OPERATOR, _organization(organization), Month.parse(month)):
        sys.stdout.write(line)


def set_caps(
    organization: str,
    *,
    read_units: Annotated[int | None, typer.Option(help="At most so many a month.")] = None,
    write_units: Annotated[int | None, typer.Option(help="At most so many a month.")] = None,
    preset: Annotated[
        bool, typer.Option("--preset", help="Pinecone's caps of the plan and its rate limits.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Cap an organization's (its id or slug) units of a month; without an option: no caps."""
    enter(home)
    from access.actor import OPERATOR
    from audit.context import AuditContext, Source, acting_from
    from billing.caps import PRESET, MonthlyUnits
    from billing.caps import set_caps as change
    from kit.ids import new_id
    from orgs.plans import Plan

    found = _organization(organization)
    units = PRESET[Plan(found.plan)] if preset else MonthlyUnits(read_units, write_units)
    with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
        change(OPERATOR, found, units=units, has_rate_limits=preset)
    typer.echo(f"{found.name} may use {_words(units.read)} read units and ", nl=False)
    typer.echo(f"{_words(units.write)} write units a month now.")
    if preset:
        typer.echo("Its requests a second are limited as Pinecone's are.")


def _words(cap: int | None) -> str:
    return "any number of" if cap is None else f"{cap:,}"


def _organization(reference: str) -> Any:
    from kit.errors import NotFound
    from orgs.queries import find_organization

    found = find_organization(reference)
    if found is None:
        raise NotFound(f"There is no organization {reference}.")
    return found
