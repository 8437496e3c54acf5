"""`stonepine keys customer …`: a project's own key at Vault, AWS KMS or Google Cloud KMS."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating

customer = typer.Typer(
    help="Customer-managed keys: a second lock around a project's data keys.",
    no_args_is_help=True,
)
_Organization = Annotated[str, typer.Argument(help="The organization's slug or id.")]
_Project = Annotated[str, typer.Argument(help="The project's slug or id.")]
_Set = Annotated[
    list[str], typer.Option("--set", help="A setting as NAME=VALUE; @FILE is read from there.")
]


@customer.command()
def attach(
    organization: _Organization,
    project: _Project,
    *,
    kind: Annotated[str, typer.Option(help="vault, aws_kms or google_kms.")],
    settings: _Set,
    home: HomeOption = None,
) -> None:
    """Wrap the project's data keys with that key besides.

    The secret is read from standard input as a JSON object: token, or role_id and secret_id
    (Vault); access_key_id and secret_access_key (AWS); service_account_key (Google).
    """
    secret = _secret(sys.stdin.read())
    with _project(organization, project, home) as (operator, found):
        from projects.encryption_keys import attach_encryption_key

        made = attach_encryption_key(
            operator, found, kind=kind, settings=_settings(settings), secret=secret
        )
    typer.echo(str(made.pk))


@customer.command()
def update(
    organization: _Organization,
    project: _Project,
    *,
    settings: _Set = [],  # noqa: B006 - typer copies it
    home: HomeOption = None,
) -> None:
    """Another secret, from standard input, and settings where some are given."""
    secret = _secret(sys.stdin.read())
    with _key(organization, project, home) as (operator, key):
        from projects.encryption_keys import update_encryption_key

        update_encryption_key(operator, key, settings=_settings(settings), secret=secret)
    typer.echo("The key is reached with the new secret.")


@customer.command()
def show(
    organization: _Organization,
    project: _Project,
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The key, and how its provider answered last."""
    with _key(organization, project, home) as (_, key):
        _tell(key, as_json=as_json)


@customer.command()
def check(
    organization: _Organization,
    project: _Project,
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the provider now. Exit code 1: the key cannot be used."""
    with _key(organization, project, home) as (operator, key):
        from projects.encryption_keys import check_encryption_key

        checked = check_encryption_key(operator, key)
        _tell(checked, as_json=as_json)
        if checked.failure:
            raise typer.Exit(1)


@customer.command()
def impact(organization: _Organization, project: _Project, *, home: HomeOption = None) -> None:
    """What stops while the key is disabled, as JSON."""
    with _project(organization, project, home) as (operator, found):
        from indexes.encryption_impact import impact_of_disabling

        typer.echo(json.dumps(asdict(impact_of_disabling(operator, found)), indent=1))


@customer.command()
def disable(
    organization: _Organization,
    project: _Project,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
) -> None:
    """Make everything of the project unreadable until the key is enabled."""
    with _key(organization, project, home) as (operator, key):
        from indexes.encryption_impact import impact_of_disabling
        from projects.encryption_keys import disable_encryption_key

        stops = impact_of_disabling(operator, key.project)
        if not yes:
            names = ", ".join(stops.index_names) or "none"
            typer.echo(f"Unreadable until it is enabled: indexes {names}; {stops.backups} backups.")
            typer.confirm("Disable the key?", abort=True)
        disable_encryption_key(operator, key)
    typer.echo("The key is disabled.")


@customer.command()
def enable(organization: _Organization, project: _Project, *, home: HomeOption = None) -> None:
    """Let everything be used again; the provider must agree."""
    with _key(organization, project, home) as (operator, key):
        from projects.encryption_keys import enable_encryption_key

        enable_encryption_key(operator, key)
    typer.echo("The key is enabled.")


@customer.command()
def detach(organization: _Organization, project: _Project, *, home: HomeOption = None) -> None:
    """Back to the installation's lock alone."""
    with _key(organization, project, home) as (operator, key):
        from projects.encryption_keys import detach_encryption_key

        detach_encryption_key(operator, key)
    typer.echo("The project has no key of its own any more.")


@contextmanager
def _project(organization: str, project: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the project."""
    with operating(home) as operator:
        from projects.queries import find_project

        yield operator, find_project(operator, named_organization(organization), project)


@contextmanager
def _key(organization: str, project: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the project's key."""
    with _project(organization, project, home) as (operator, found):
        from projects.encryption_key_queries import get_encryption_key

        yield operator, get_encryption_key(operator, found)


def _tell(key: Any, *, as_json: bool) -> None:
    from projects.encryption_key_health import described

    told = described(key, using="system")
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    for name, value in told.items():
        typer.echo(f"{name}: {'–' if value is None else value}")


def _settings(given: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in given:
        name, _, value = one.partition("=")
        found[name] = Path(value[1:]).read_text() if value.startswith("@") else value
    return found


def _secret(text: str) -> dict[str, object]:
    from kit.errors import InvalidArgument

    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise InvalidArgument("Give the secret on standard input, as a JSON object of texts.")
    return found
