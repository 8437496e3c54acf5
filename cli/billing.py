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
    rate: Annotated[
        list[str] | None, typer.Option(help="At most so many a second: queries=100. May repeat.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Cap an organization's (its id or slug) units of a month; without an option: no caps."""
    with operating(home) as operator:
        from billing.caps import PRESET, MonthlyUnits
        from billing.caps import set_caps as change
        from orgs.plans import Plan
        from storage.rate_limits import PINECONE_RATES

        found = named_organization(organization)
        units = PRESET[Plan(found.plan)] if preset else MonthlyUnits(read_units, write_units)
        rates = {str(name): most for name, most in PINECONE_RATES.items()} if preset else {}
        rates |= dict(map(_rate, rate or []))
        change(operator, found, units=units, rates=rates)
    typer.echo(f"{found.name} may use {_words(units.read)} read units and ", nl=False)
    typer.echo(f"{_words(units.write)} write units a month now.")
    if rates:
        listed = ", ".join(f"{most:,} {name.replace('-', ' ')}" for name, most in rates.items())
        typer.echo(f"A second it may have {listed}, each of one namespace or index.")


def _rate(text: str) -> tuple[str, int]:
    name, _, most = text.partition("=")
    if not (most.isascii() and most.isdigit()):
        raise typer.BadParameter(f"{text!r} is not of the form NAME=NUMBER", param_hint="--rate")
    return name.strip(), int(most)


def _words(cap: int | None) -> str:
    return "any number of" if cap is None else f"{cap:,}"
