"""`stonepine keys …`: checking strings that may be keys, and the pepper of stored digests."""

import json
import sys
from typing import Annotated

import typer

from cli.entry import HomeOption, JsonOption, enter, operating

keys = typer.Typer(help="API keys and other secrets: check, rotate.", no_args_is_help=True)


@keys.command()
def check(
    string: Annotated[str, typer.Argument(help='What was found; "-" reads it from stdin.')],
) -> None:
    """Tell offline whether a string is a genuine-looking secret of Stonepine. Exit code 1: no.

    Its form and checksum are right, no more: whether it opens anything only the database knows.
    """
    from access.keys import parse

    found = parse((sys.stdin.read() if string == "-" else string).strip())
    if found is None:
        typer.echo("Not a secret of Stonepine: form or checksum are wrong.")
        raise typer.Exit(1)
    kind = found.kind.name.lower().replace("_", " ")
    typer.echo(f"A secret of the kind {kind}, public id {found.public_id}.")


@keys.command()
def peppers(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """How many living secrets hang on which pepper."""
    enter(home)
    from projects.peppers import described, secrets_by_pepper

    found = secrets_by_pepper()
    typer.echo(json.dumps(found, indent=1) if as_json else described(found))


@keys.command("rotate-pepper")
def rotate_pepper(
    home: HomeOption = None,
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="Instead destroy all peppers but the newest.")
    ] = False,
) -> None:
    """Make a new pepper: keys in use move to it by themselves, the others keep working."""
    with operating(home):
        from projects.peppers import described, retire_peppers, secrets_by_pepper
        from projects.peppers import rotate_pepper as rotate

        if retire:
            gone = ", ".join(map(str, retire_peppers()))
            typer.echo(f"Retired: {gone or 'none'}.")
        else:
            typer.echo(f"New digests are made with pepper {rotate()}.")
        typer.echo(described(secrets_by_pepper()))
