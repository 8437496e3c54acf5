"""`stonepine org`: the operator's acts on organizations."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import billing
from cli.entry import HomeOption, enter, named_organization, operating

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


@contextmanager
def _organization(reference: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the organization."""
    with operating(home) as operator:
        yield operator, named_organization(reference)
