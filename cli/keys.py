"""`stonepine keys …`: strings that may be keys, the pepper of digests, and key providers; what is
sealed under which key, and other rotations, stand in `cli/key_rotation.py`."""

import json
import sys
from typing import Annotated

import typer

from cli import key_rotation
from cli.customer_keys import customer
from cli.entry import HomeOption, JsonOption, enter, operating

keys = typer.Typer(
    help="API keys, other secrets and key providers: check, count, rotate.", no_args_is_help=True
)
keys.add_typer(customer, name="customer")
keys.command("inventory")(key_rotation.inventory)
keys.command("rotate-data-key")(key_rotation.rotate_data_key)
keys.command("rotate-wrapping-key")(key_rotation.rotate_wrapping_key)
keys.command("rotate-root-key")(key_rotation.rotate_root_key)
keys.command("rotate-secret-key")(key_rotation.rotate_secret_key)


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


@keys.command()
def health(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """How each key provider answers, asked now. Exit code 1: one does not."""
    enter(home)
    from projects.encryption_key_health import provider_health

    found = provider_health()
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    for one in () if as_json else found:
        state = one["failure"] or ("ok" if one["status"] == "enabled" else "disabled")
        typer.echo(
            f"{one['kind']}  {one['project'] or 'the installation'}: {state}, "
            f"{one['latency_ms']} ms, {one['keys_wrapped']} keys wrapped"
        )
    if any(one["failure"] for one in found):
        raise typer.Exit(1)


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
