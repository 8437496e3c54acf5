"""`stonepine gateway|node|web|worker`: one part of an installation, on a machine of its own; and
what is done once for all of them."""

from pathlib import Path
from typing import Annotated

import typer

from cli.entry import HomeOption
from cli.home import Home
from kit.parts import PartKind

DetachOption = Annotated[bool, typer.Option("--detach", help="Run in the background.")]

parts = typer.Typer(
    help="Certificates by which parts on several machines know each other.", no_args_is_help=True
)


def gateway(
    home: HomeOption = None,
    *,
    port: Annotated[
        int | None, typer.Option(help="Base port; else STONEPINE_PORT, the remembered one, 8080.")
    ] = None,
    detach: DetachOption = False,
) -> None:
    """Start a gateway alone: what clients dial. See docs/scale-out.md."""
    _start(PartKind.GATEWAY, home, port, is_detached=detach)


def node(home: HomeOption = None, *, detach: DetachOption = False) -> None:
    """Start an index node alone. See docs/scale-out.md."""
    _start(PartKind.NODE, home, None, is_detached=detach)


def web(home: HomeOption = None, *, detach: DetachOption = False) -> None:
    """Start console and APIs alone. See docs/scale-out.md."""
    _start(PartKind.WEB, home, None, is_detached=detach)


def worker(home: HomeOption = None, *, detach: DetachOption = False) -> None:
    """Start a worker alone. See docs/scale-out.md."""
    _start(PartKind.WORKER, home, None, is_detached=detach)


def migrate(home: HomeOption = None) -> None:
    """Bring the tables of a database of your own to this version, and make the keyring where there
    is none: once, before parts are started."""
    from cli.part_migration import migrate as carry_out

    carry_out(Home.at(home))
    typer.echo("The database and the keyring are ready.")


@parts.command()
def authority(out: Annotated[Path, typer.Option(help="Folder to make it in.")]) -> None:
    """Make the authority that all parts trust. Keep its key away from them."""
    from cli.parts_authority import make_parts_authority

    make_parts_authority(out.absolute())
    typer.echo(f"{out}/ca.pem is for every part; {out}/ca-key.pem stays here.")


@parts.command()
def issue(
    kind: Annotated[PartKind, typer.Argument(help="What the part is.")],
    name: Annotated[str, typer.Argument(help="What it is called.")],
    authority_folder: Annotated[Path, typer.Option("--authority", help="Folder of the authority.")],
    out: Annotated[Path, typer.Option(help="Folder for ca.pem, cert.pem and key.pem.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = 365,
) -> None:
    """Make the certificate of one part."""
    from cli.parts_authority import issue_part

    issue_part(authority_folder.absolute(), kind, name, out.absolute(), days=days)
    typer.echo(f"{out} has ca.pem, cert.pem and key.pem for {kind} {name}.")


def _start(kind: PartKind, home: Path | None, port: int | None, *, is_detached: bool) -> None:
    from rich.console import Console

    from cli.start import run_detached, run_in_foreground

    start = run_detached if is_detached else run_in_foreground
    start(Home.at(home), port, Console(), part=kind)
