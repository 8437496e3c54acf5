"""`stonepine operators`: the people who run this installation in the console."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from cli.entry import HomeOption, JsonOption, operating

operators = typer.Typer(
    help="People who run this installation in the console.", no_args_is_help=True
)


@operators.command()
def add(email: str, *, home: HomeOption = None) -> None:
    """Let the owner of an account use the operator's pages."""
    with _person(email, home) as (operator, user):
        from orgs.operators import add_operator

        add_operator(operator, user)
    typer.echo(f"{email} is an operator.")


@operators.command()
def remove(email: str, *, home: HomeOption = None) -> None:
    """Close the operator's pages to the owner of an account."""
    with _person(email, home) as (operator, user):
        from orgs.operators import remove_operator

        remove_operator(operator, user)
    typer.echo(f"{email} is no operator.")


@operators.command("list")
def show(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Who is one."""
    with operating(home) as operator:
        from orgs.operators import operators as found

        addresses = [one.email for one in found(operator)]
    typer.echo(json.dumps(addresses, indent=1) if as_json else "\n".join(addresses))


@contextmanager
def _person(email: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator at the command line, and the account."""
    with operating(home) as operator:
        from orgs.people import get_person

        yield operator, get_person(email)
