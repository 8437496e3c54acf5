"""`stonepine access …`: who may do what, and by which role."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.entry import HomeOption, JsonOption, enter, named_organization

if TYPE_CHECKING:
    from access.explain import Explanation, Place
    from orgs.models import Organization

access = typer.Typer(help="Access: who may do what, and why.", no_args_is_help=True)


@access.callback()
def _group() -> None:
    """One command today; it is called by its name all the same."""


@access.command()
def explain(
    home: HomeOption = None,
    *,
    organization: Annotated[str, typer.Option("--org", help="Its slug, public id or id.")],
    principal: Annotated[
        str,
        typer.Option(help="An e-mail address, a client id, or an API key's id or public id."),
    ],
    permission: Annotated[str, typer.Option(help="Such as data:write (docs/permissions.md).")],
    project: Annotated[
        str | None, typer.Option(help="Its slug or id; else the organization itself is meant.")
    ] = None,
    index: Annotated[str | None, typer.Option(help="An index of the project, by name.")] = None,
    namespace: Annotated[
        str | None, typer.Option(help='A namespace of the index; "" is the default one.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether a principal may do something somewhere, and by which role. Exit code 1: no."""
    enter(home)
    from access.actor import OPERATOR
    from access.explain import parse_permission
    from projects.explanation import explain_access

    wanted = parse_permission(permission)
    found = named_organization(organization)
    place = _place(found, project, index, namespace)
    said = explain_access(OPERATOR, found, who=principal, permission=wanted, place=place)
    typer.echo(json.dumps(said.to_json(), indent=1) if as_json else _in_words(said))
    raise typer.Exit(0 if said.is_allowed else 1)


def _place(
    organization: "Organization", project: str | None, index: str | None, namespace: str | None
) -> "Place":
    from access.actor import OPERATOR
    from indexes.queries import get_index
    from indexes.queries import place_of as place_of_index
    from kit.errors import InvalidArgument
    from projects.explanation import place_of
    from projects.queries import find_project

    if index is None and namespace is not None:
        raise InvalidArgument("A namespace lies in an index: give --index.", field="index")
    if project is None:
        if index is not None:
            raise InvalidArgument("An index lies in a project: give --project.", field="project")
        return place_of(organization)
    found = find_project(OPERATOR, organization, project)
    if index is None:
        return place_of(organization, found)
    return place_of_index(get_index(OPERATOR, found, index), namespace)


def _in_words(said: "Explanation") -> str:
    lines = [said.sentence()]
    if said.held:
        roles = ", ".join(sorted({str(grant.role) for grant in said.held}))
        lines.append(f"Roles that count there: {roles}.")
    return "\n".join(lines)
