"""`stonepine nodes`: the machines that host indexes."""

import json
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, operating

nodes = typer.Typer(help="The machines that host indexes.", no_args_is_help=True)
NameOrZone = Annotated[str | None, typer.Argument(help="The node; or else --zone.")]
ZoneOption = Annotated[
    str | None, typer.Option("--zone", help="All nodes of that zone in place of one.")
]
_COLUMNS = ("name", "zone", "state", "indexes", "engines", "address", "heard_at")


@nodes.command("list")
def show(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Which there are, whether they live, and what they have."""
    with operating(home) as operator:
        from indexes.nodes import node_loads

        rows = [_told(one) for one in node_loads(operator)]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(f"{name}={row[name]}" for name in _COLUMNS))


@nodes.command()
def drain(name: NameOrZone = None, *, zone: ZoneOption = None, home: HomeOption = None) -> None:
    """Have all its indexes moved to other nodes, and give it no more."""
    _require_one_of(name, zone)
    with operating(home) as operator:
        from indexes.node_care import drain_node, drain_zone

        if zone is None:
            drain_node(operator, str(name))
        names = [name] if zone is None else drain_zone(operator, zone)
    for one in names:
        typer.echo(f"{one} is being emptied; `stonepine nodes list` shows what is left.")


@nodes.command()
def admit(name: NameOrZone = None, *, zone: ZoneOption = None, home: HomeOption = None) -> None:
    """Let a drained one take indexes again."""
    _require_one_of(name, zone)
    with operating(home) as operator:
        from indexes.node_care import admit_node, admit_zone

        if zone is None:
            admit_node(operator, str(name))
        names = [name] if zone is None else admit_zone(operator, zone)
    for one in names:
        typer.echo(f"{one} takes indexes.")


@nodes.command()
def rebalance(
    home: HomeOption = None,
    *,
    most: Annotated[int, typer.Option(min=1, help="Moves at most.")] = 100,
) -> None:
    """Move indexes over the zones, and from the fullest nodes to the emptiest; each is away for a
    moment."""
    with operating(home) as operator:
        from indexes.node_care import rebalance_nodes

        moved = rebalance_nodes(operator, most=most)
    typer.echo(f"Moved {moved}.")


@nodes.command()
def remove(name: str, *, home: HomeOption = None) -> None:
    """Forget one that runs no more and has no indexes."""
    with operating(home) as operator:
        from indexes.node_care import remove_node

        remove_node(operator, name)
    typer.echo(f"{name} is gone.")


def _require_one_of(name: str | None, zone: str | None) -> None:
    if (name is None) is (zone is None):
        raise typer.BadParameter("Say which node by its name, or which nodes by --zone.")


def _told(load: Any) -> dict[str, Any]:
    node = load.node
    return {
        "name": node.name,
        "zone": node.zone,
        "state": load.state,
        "indexes": load.indexes,
        "engines": node.engines,
        "address": node.address,
        "heard_at": node.heard_at.isoformat() if node.heard_at else None,
    }
