"""`stonepine org statement` and `set-caps`: what an organization uses, and how much it may."""

import sys
from typing import Annotated

import typer

from cli.entry import HomeOption, enter, named_organization, operating


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

    for line in lines(OPERATOR, named_organization(organization), Month.parse(month)):
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
    with operating(home) as operator:
        from billing.caps import PRESET, MonthlyUnits
        from billing.caps import set_caps as change
        from orgs.plans import Plan

        found = named_organization(organization)
        units = PRESET[Plan(found.plan)] if preset else MonthlyUnits(read_units, write_units)
        change(operator, found, units=units, has_rate_limits=preset)
    typer.echo(f"{found.name} may use {_words(units.read)} read units and ", nl=False)
    typer.echo(f"{_words(units.write)} write units a month now.")
    if preset:
        typer.echo("Its requests a second are limited as Pinecone's are.")


def _words(cap: int | None) -> str:
    return "any number of" if cap is None else f"{cap:,}"
