"""`stonepine fsck`: reads everything that is stored, and names what is damaged."""

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption

if TYPE_CHECKING:
    from storage.fsck.damage import Damage
    from storage.fsck.installation import Report


def fsck(
    index: Annotated[
        UUID | None, typer.Argument(help="An index's id: only it and its backups.")
    ] = None,
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read log, manifests, segments, archived log, backups and keys; name what is damaged.

    Changes nothing, and works whether Stonepine runs or not. Exit code 1: something is damaged.
    """
    from cli.visit import visiting

    began = time.monotonic()
    with visiting(home):
        from indexes.deployment.examination import examine

        report = examine(only=index, progress=_progress if sys.stderr.isatty() else _nothing)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1))
    else:
        _print(report, time.monotonic() - began)
    raise typer.Exit(1 if report.findings else 0)


def _progress(told: str) -> None:
    typer.echo(f"\r\033[K{told}", err=True, nl=False)


def _nothing(_told: str) -> None:
    """Nobody looks."""


def _print(report: "Report", seconds: float) -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    for damage in report.findings:
        typer.echo("\n".join(_in_words(damage)))
    seen = report.counts
    typer.echo(
        f"{seen.projects} projects, {seen.indexes} indexes, {seen.namespaces} namespaces, "
        f"{seen.batches} batches of the log, {seen.segments} segments, {seen.archived} objects of "
        f"the archived log, {seen.backups} backups in {seconds:.1f} s."
    )
    if seen.unneeded:
        typer.echo(f"{seen.unneeded} objects belong to no index any more: the sweep takes them.")
    typer.echo(f"{len(report.findings)} damages." if report.findings else "Everything is sound.")


def _in_words(damage: "Damage") -> list[str]:
    told = [f"DAMAGED {damage.part}: {damage.subject}", f"  {damage.what}"]
    return [*told, *(f"  -> {meaning}" for meaning in damage.meanings)]
