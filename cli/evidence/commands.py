"""`stonepine evidence`: collecting a signed bundle, and verifying one anywhere."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.entry import HomeOption, JsonOption, enter, operating
from cli.home import Home
from kit import clock

evidence = typer.Typer(help="Evidence for auditors, in one signed file.")


@evidence.callback(invoke_without_command=True)
def collect(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option(help="The file to make; else evidence-<time>.zip here.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Gather live facts of the whole installation into one file, and sign it."""
    if context.invoked_subcommand is not None:
        return
    file = output or Path(f"evidence-{clock.now():%Y%m%dT%H%M%SZ}.zip")
    from cli.evidence.facts import configuration

    chosen = Home.at(home)
    settings = configuration(chosen)
    with operating(home) as operator:
        from cli.evidence.collection import collect_evidence

        made = collect_evidence(operator, chosen, file, configuration=settings)
    typer.echo(f"{file}: {made.documents} documents, signed with key {made.key_id}.")
    typer.echo(f"SHA-256 of its manifest: {made.manifest_sha256}")


@evidence.command()
def deletion(
    reference: Annotated[
        str, typer.Argument(help="The id of the deleted project, organization or backup.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="The file to make; else deletion-<id>.zip here.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make a signed receipt of a deletion: which keys were destroyed, and what is left under them,
    or of a backup. Exit code 1: something is left."""
    from uuid import UUID

    from kit.errors import InvalidArgument

    try:
        wanted = UUID(reference)
    except ValueError:
        raise InvalidArgument(f"{reference!r} is no id: projects have UUIDs.") from None
    file = output or Path(f"deletion-{wanted}.zip")
    with operating(home) as operator:
        from cli.evidence.collection import collect_receipt
        from cli.evidence.deletion import deletion_receipt

        made, receipt = collect_receipt(operator, wanted, file), deletion_receipt(wanted)
    for one in receipt["projects"]:
        left = ", ".join(f"{count} {name}" for name, count in one["left"].items())
        gone = "; ".join(f"{name}: {versions}" for name, versions in one["destroyed"].items())
        typer.echo(f"project {one['project_id']}: destroyed {gone}; left: {left}")
    if receipt["kind"] == "backup":
        left = ", ".join(f"{count} {name}" for name, count in receipt["left"].items())
        typer.echo(f"backup {receipt['id']}: left: {left}")
    typer.echo(f"{file}: signed with key {made.key_id}; `stonepine evidence verify` checks it.")
    raise typer.Exit(0 if receipt["is_complete"] else 1)


@evidence.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="What `evidence` made.")],
    *,
    public_keys: Annotated[
        Path | None,
        typer.Option(help="What `audit public-keys` printed, kept elsewhere; else those here."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check signature, documents and audit chains. Exit code 1: something is not as it was signed.

    With --public-keys no installation is needed.
    """
    from cli.audit import read_public_keys
    from cli.evidence.collection import verify_evidence

    if public_keys is None:
        enter(home)
        from audit.heads import installation_signing_keys

        keys = installation_signing_keys().public_keys()
    else:
        keys = read_public_keys(public_keys)
    found = verify_evidence(bundle, keys)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
    else:
        typer.echo("\n".join(found.in_words()))
    raise typer.Exit(0 if found.is_sound else 1)
