"""How commands get into a running installation, and the options that they share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import SetupError
from cli.home import Home
from cli.instance import running

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home folder; else STONEPINE_HOME, else .stonepine here."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def enter(home: Path | None) -> None:
    """Become a process of the running installation, as far as its environment goes."""
    chosen = Home.at(home)
    if running(chosen) is None:
        raise SetupError(
            f"Nothing runs for {chosen.path}.",
            hint=f"Start it with `stonepine up --home {chosen.path} --detach`.",
        )
    from cli.settings import Installation

    os.environ.update(Installation.of(chosen).children_environment())
    import django

    django.setup()
