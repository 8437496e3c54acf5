"""`stonepine keys …`: what is sealed under which key, and rotating the keys that seal."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, enter, named_organization, operating
from cli.errors import SetupError
from cli.home import Home
from cli.instance import pids, wait_until_renewed

if TYPE_CHECKING:
    from access.actor import Actor
    from projects.models import Project

# Told of a new secret key by being started again (`cli/process_table.py`).
SIGNING = ("web", "worker", "scheduler")

_Organization = Annotated[str, typer.Argument(help="The organization's slug or id.")]
_Project = Annotated[
    str, typer.Argument(help="The project's slug or id; without it, every project there is.")
]
_Retire = Annotated[bool, typer.Option("--retire", help="Instead destroy what came before.")]


def inventory(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """How much is sealed under which version of which key. Nothing may be left under an old one."""
    enter(home)
    from config.root_seals import root_key_inventory
    from indexes.key_inventory import installation_inventory, project_inventories

    projects = [one.to_json() for one in project_inventories()]
    found: dict[str, Any] = {"projects": projects, **installation_inventory()}
    found["root_keys"] = root_key_inventory()
    found["secret_key"] = {"former": bool(Home.at(home).secrets().former_secret_key)}
    typer.echo(json.dumps(found, indent=1) if as_json else _told(found))


def rotate_data_key(
    organization: _Organization, project: _Project = "", *, home: HomeOption = None
) -> None:
    """Make a new data key. The workers seal everything anew, then the old one is destroyed."""
    with _each(home, organization, project) as each:
        from projects.data_keys import rotate_data_key as rotate

        for operator, found in each:
            typer.echo(f"{found.slug}: sealed with data key {rotate(operator, found)} from now on.")


def rotate_wrapping_key(
    organization: _Organization,
    project: _Project = "",
    *,
    home: HomeOption = None,
    retire: _Retire = False,
) -> None:
    """Make a new wrapping key and wrap the data keys with it. The old one opens copies of the
    database from before, until --retire."""
    with _each(home, organization, project) as each:
        from projects.wrapping_keys import retire_wrapping_keys
        from projects.wrapping_keys import rotate_wrapping_key as rotate

        for operator, found in each:
            if retire:
                gone = ", ".join(map(str, retire_wrapping_keys(operator, found)))
                typer.echo(f"{found.slug}: retired: {gone or 'none'}.")
            else:
                typer.echo(f"{found.slug}: wrapped with key {rotate(operator, found)} from now on.")


def rotate_root_key(home: HomeOption = None, *, retire: _Retire = False) -> None:
    """Make a new root key of the keyring, and seal under it whatever the former one seals. That one
    still opens, until --retire."""
    with operating(home) as operator:
        from config.root_seals import root_sealed_values
        from orgs import root_key
        from orgs.secrets import installation_keyring

        keyring = installation_keyring()
        if retire:
            gone = root_key.retire_root_key(operator, keyring, root_sealed_values)
            typer.echo(f"Retired: {gone or 'none'}.")
        else:
            count = root_key.rotate_root_key(operator, keyring, root_sealed_values)
            newest = keyring.roots.newest().id
            typer.echo(f"Sealed under the root key {newest}, {count} values of them anew.")


def rotate_secret_key(home: HomeOption = None, *, retire: _Retire = False) -> None:
    """Make a new secret key of the console, whose next process answers before the one of today
    ends. Sessions and forms of before go on until --retire."""
    if os.environ.get("STONEPINE_SECRET_KEY"):
        raise SetupError(
            "STONEPINE_SECRET_KEY is set: the key is yours to change.",
            hint="Set the new one, and the old one as STONEPINE_FORMER_SECRET_KEY.",
        )
    here = Home.at(home)
    before = pids(here, SIGNING)
    with operating(home) as operator:
        from orgs import secret_key

        if retire:
            if not here.secrets().former_secret_key:
                typer.echo("There is no former secret key.")
                return
            secret_key.retire_secret_key(operator, here.retire_secret_key)
        else:
            secret_key.rotate_secret_key(operator, here.rotate_secret_key)
    wait_until_renewed(here, SIGNING, before)
    typer.echo("Done: every process that signs was started again with it.")


@contextmanager
def _each(
    home: HomeOption, organization: str, project: str
) -> "Iterator[list[tuple[Actor, Project]]]":
    """The named project, or all of the organization."""
    with operating(home) as operator:
        from projects.queries import find_project, visible_projects

        owner = named_organization(organization)
        found = (
            [find_project(operator, owner, project)]
            if project
            else visible_projects(operator, owner)
        )
        yield [(operator, one) for one in found]


def _told(found: dict[str, Any]) -> str:
    lines = []
    for one in found["projects"]:
        lines.append(f"{one['organization']}/{one['project']}")
        lines += [f"  data key {key}: {count} sealed" for key, count in one["data_keys"].items()]
        lines += [
            f"  wrapping key {key}: {count} data keys wrapped"
            for key, count in one["wrapping_keys"].items()
        ]
    for name in ("root_key", "pepper"):
        for one, kinds in found[f"{name}s"].items():
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            lines.append(f"{name.replace('_', ' ')} {one}: {told or 'none'}")
    lines.append(
        f"audit signing keys: {', '.join(map(str, found['signing_keys']))}, the last signs"
    )
    lines.append(f"former secret key: {'kept' if found['secret_key']['former'] else 'none'}")
    return "\n".join(lines)
