"""`stonepine project …`: the operator's acts on projects."""

import json
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating
from cli.network_options import ANYWHERE, NETWORKS_HELP, listed

projects = typer.Typer(help="Projects: where they may be reached from.", no_args_is_help=True)


@projects.callback()
def _group() -> None:
    """One command today; it is called by its name all the same."""


@projects.command()
def networks(
    organization: Annotated[str, typer.Argument(help="Its slug, public id or id.")],
    project: Annotated[str, typer.Argument(help="Its slug or id.")],
    *,
    data_plane: Annotated[list[str] | None, typer.Option(help=NETWORKS_HELP)] = None,
    control_plane: Annotated[list[str] | None, typer.Option(help=NETWORKS_HELP)] = None,
    private_endpoint: Annotated[str | None, typer.Option(help="off, offered or required.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a project may be reached from; with options, change it first."""
    with operating(home) as operator:
        from projects.networks import set_network_policy, shown
        from projects.queries import find_project

        found = find_project(operator, named_organization(organization), project)
        changed = set_network_policy(
            operator,
            found,
            data_plane=listed(data_plane),
            control_plane=listed(control_plane),
            private_endpoint=private_endpoint,
        )
        policy = shown(changed.network_policy)
    typer.echo(json.dumps(policy, indent=1) if as_json else _in_words(policy))


def _in_words(policy: dict[str, Any]) -> str:
    planes = {"Data plane": policy["data_plane"], "Control plane": policy["control_plane"]}
    lines = [f"{plane}: {', '.join(listed) or ANYWHERE}" for plane, listed in planes.items()]
    return "\n".join([*lines, f"Private endpoint: {policy['private_endpoint']}"])
