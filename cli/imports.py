"""`stonepine import …`: bulk imports of an index, as the operator."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating

imports = typer.Typer(help="Bulk imports from Parquet files.", no_args_is_help=True)
_Organization = Annotated[str, typer.Argument(help="The organization's slug or id.")]
_Project = Annotated[str, typer.Argument(help="The project's slug or id.")]
_Index = Annotated[str, typer.Argument(help="The index's name.")]


@imports.command()
def start(
    organization: _Organization,
    project: _Project,
    index: _Index,
    uri: str,
    *,
    on_error: Annotated[str, typer.Option(help="continue or abort.")] = "continue",
    integration: Annotated[str, typer.Option(help="A storage integration's name or id.")] = "",
    home: HomeOption = None,
) -> None:
    """Start an import; prints its id."""
    with _index((organization, project, index), home) as (operator, found):
        from indexes.imports import start_import

        started = start_import(operator, found, uri=uri, on_error=on_error, integration=integration)
    typer.echo(str(started.pk))


@imports.command("list")
def list_all(
    organization: _Organization,
    project: _Project,
    index: _Index,
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The newest imports and how far they have come."""
    with _index((organization, project, index), home) as (operator, found):
        from indexes.imports import errors_of, visible_imports

        shown = visible_imports(operator, found)
        errors = errors_of(found, shown)
        rows = [
            {
                "id": str(one.pk),
                "status": one.status,
                "percent_complete": round(one.percent_complete, 1),
                "records_imported": one.records_imported,
                "uri": one.uri,
                "error": errors.get(one.pk, ""),
            }
            for one in shown
        ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(str(value) for value in row.values()).strip())


@imports.command()
def cancel(
    organization: _Organization,
    project: _Project,
    index: _Index,
    import_id: str,
    *,
    home: HomeOption = None,
) -> None:
    """Stop an import; what has come stays."""
    with _index((organization, project, index), home) as (operator, found):
        from indexes.imports import cancel_import, get_import

        cancel_import(operator, get_import(operator, found, import_id))
    typer.echo(f"{import_id} is not under way any more.")


@contextmanager
def _index(place: tuple[str, str, str], home: Path | None) -> Iterator[tuple[Any, Any]]:
    """The operator and the index."""
    organization, project, index = place
    with operating(home) as operator:
        from indexes.queries import get_index
        from projects.queries import find_project

        found = find_project(operator, named_organization(organization), project)
        yield operator, get_index(operator, found, index)
