"""`stonepine integration …`: credentials with which a project's imports read buckets."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating

integrations = typer.Typer(help="Storage integrations for bulk imports.", no_args_is_help=True)
_Project = Annotated[str, typer.Argument(help="The project's slug or id.")]
_Organization = Annotated[str, typer.Argument(help="The organization's slug or id.")]


@integrations.command()
def add(
    organization: _Organization,
    project: _Project,
    name: str,
    *,
    provider: Annotated[str, typer.Option(help="s3, gcs or azure.")],
    region: Annotated[str, typer.Option(help="Of S3; else us-east-1.")] = "",
    endpoint: Annotated[str, typer.Option(help="Of an S3-compatible store.")] = "",
    home: HomeOption = None,
) -> None:
    """Keep credentials, which are read from standard input as a JSON object.

    S3: access_key_id, secret_access_key (and session_token), or {} for a public bucket. GCS:
    service_account_key, the key file as a string. Azure: account_key or sas_token.
    """
    credentials = _read_credentials(sys.stdin.read())
    with _project(organization, project, home) as (operator, found):
        from indexes.integrations import create_storage_integration

        made = create_storage_integration(
            operator,
            found,
            name=name,
            provider=provider,
            credentials=credentials,
            region=region,
            endpoint=endpoint,
        )
    typer.echo(str(made.pk))


@integrations.command("list")
def list_all(
    organization: _Organization,
    project: _Project,
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The project's integrations, without their secrets."""
    with _project(organization, project, home) as (operator, found):
        from indexes.integrations import visible_storage_integrations

        rows = [
            {"id": str(one.pk), "name": one.name, "provider": one.provider, **one.place}
            for one in visible_storage_integrations(operator, found)
        ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(row.values()))


@integrations.command()
def remove(
    organization: _Organization,
    project: _Project,
    integration: Annotated[str, typer.Argument(help="Its name or id.")],
    *,
    home: HomeOption = None,
) -> None:
    """Forget the credentials; imports that use them fail."""
    with _project(organization, project, home) as (operator, found):
        from indexes.integrations import delete_storage_integration, get_storage_integration

        delete_storage_integration(operator, get_storage_integration(operator, found, integration))
    typer.echo(f"{integration} is gone.")


@contextmanager
def _project(organization: str, project: str, home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the project."""
    with operating(home) as operator:
        from projects.queries import find_project

        yield operator, find_project(operator, named_organization(organization), project)


def _read_credentials(text: str) -> dict[str, str]:
    from kit.errors import InvalidArgument

    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise InvalidArgument("Give the credentials on standard input, as a JSON object of texts.")
    return found
