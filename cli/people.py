"""`stonepine user`: the operator's acts on people's accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from cli.entry import HomeOption, operating

people = typer.Typer(help="Operator's acts on people's accounts.", no_args_is_help=True)


@people.command()
def deactivate(email: str, *, home: HomeOption = None) -> None:
    """Switch an account off: its sessions end at once, and nobody signs in with it."""
    with _person(email, home) as (operator, user):
        from orgs.people import deactivate as switch_off

        switch_off(operator, user)
    typer.echo(f"{email} is deactivated.")


@people.command()
def reactivate(email: str, *, home: HomeOption = None) -> None:
    """Switch an account on again."""
    with _person(email, home) as (operator, user):
        from orgs.people import reactivate as switch_on

        switch_on(operator, user)
    typer.echo(f"{email} is active again.")


@people.command("remove-factors")
def remove_factors(email: str, *, home: HomeOption = None) -> None:
    """Remove all second factors of somebody who lost them. Make sure who asks."""
    with _person(email, home) as (operator, user):
        from orgs.second_factors import remove_all_second_factors

        remove_all_second_factors(operator, user)
    typer.echo(f"{email} signs in with the password alone now.")


@contextmanager
def _person(email: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the account."""
    with operating(home) as operator:
        from orgs.people import get_person

        yield operator, get_person(email)
