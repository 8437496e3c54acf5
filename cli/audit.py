"""`stonepine audit …`: verifying the chains of the audit log, its keys, its export."""

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, enter, operating

audit = typer.Typer(help="The audit log: verify, export, signing keys.", no_args_is_help=True)
OrganizationOption = Annotated[
    str | None, typer.Option("--org", help="Only this organization: its slug, public id or id.")
]


@audit.command()
def verify(
    home: HomeOption = None,
    *,
    organization: OrganizationOption = None,
    heads: Annotated[
        str | None,
        typer.Option(help="Signed heads kept elsewhere: a folder, a file or a store's URL."),
    ] = None,
    public_keys: Annotated[
        Path | None, typer.Option(help="What `audit public-keys` printed, kept elsewhere.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every chain against its signed heads. Exit code 1: something was tampered with."""
    enter(home)
    from audit.installation import verify_installation

    only = None if organization is None else _organization_id(organization)
    keys = None if public_keys is None else read_public_keys(public_keys)
    reports = verify_installation(heads=heads, public_keys=keys, only=only)
    if as_json:
        typer.echo(json.dumps([report.to_json() for report in reports], indent=1))
    else:
        for report in reports:
            typer.echo(f"{report.organization_id}: {report.in_words()}")
    raise typer.Exit(1 if any(report.problem for report in reports) else 0)


@audit.command()
def export(
    organization: Annotated[str, typer.Option("--org", help="Its slug, public id or id.")],
    home: HomeOption = None,
    *,
    form: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "jsonl",
    since: Annotated[str, typer.Option(help="ISO 8601, inclusive.")] = "",
    until: Annotated[str, typer.Option(help="ISO 8601, exclusive.")] = "",
    action: Annotated[str, typer.Option(help="Such as api_key.revoked.")] = "",
    outcome: Annotated[str, typer.Option(help="success, denied or failure.")] = "",
) -> None:
    """Write an organization's events to standard output; the export is audited itself."""
    enter(home)
    from cli.audit_export import write_export

    given = {"since": since, "until": until, "action": action, "outcome": outcome}
    write_export(organization, form=form, given=given, output=sys.stdout.buffer)


@audit.command("public-keys")
def public_keys(home: HomeOption = None) -> None:
    """Print the public keys that signed heads are verified with, as JSON."""
    enter(home)
    from audit.heads import installation_signing_keys

    found = installation_signing_keys().public_keys()
    typer.echo(json.dumps({str(key_id): key.hex() for key_id, key in found.items()}, indent=1))


@audit.command("rotate-key")
def rotate_key(home: HomeOption = None) -> None:
    """Make a new signing key. What earlier ones signed stays good."""
    with operating(home) as operator:
        from audit.signing import rotate_signing_key

        typer.echo(f"Heads are signed with key {rotate_signing_key(operator)} from now on.")


@audit.command("sign-heads")
def sign_heads(home: HomeOption = None) -> None:
    """Sign now what the scheduler signs once a minute."""
    enter(home)
    from audit.signing import sign_changed_heads

    typer.echo(f"{sign_changed_heads()} heads signed.")


def _organization_id(reference: str) -> UUID:
    """Also of one that was deleted: its events stay."""
    from kit.errors import NotFound
    from orgs.queries import find_organization

    found = find_organization(reference)
    if found is not None:
        return found.pk
    try:
        return UUID(reference)
    except ValueError:
        raise NotFound(f"There is no organization {reference}.") from None


def read_public_keys(file: Path) -> dict[int, bytes]:
    """What `audit public-keys` printed."""
    from kit.errors import InvalidArgument

    try:
        found = json.loads(file.read_bytes())
        return {int(key_id): bytes.fromhex(key) for key_id, key in found.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InvalidArgument(f"{file} holds no public keys.") from error
