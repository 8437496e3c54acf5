"""`stonepine scim …`: an organization's directory: its tokens, its groups, and who decides."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.entry import HomeOption, JsonOption, named_organization, operating

if TYPE_CHECKING:
    from access.actor import Actor
    from orgs.models import Organization

scim = typer.Typer(help="SCIM: an identity provider keeps people.", no_args_is_help=True)
OrganizationOption = Annotated[str, typer.Option("--org", help="Its slug, public id or id.")]


@scim.command()
def status(
    organization: OrganizationOption, home: HomeOption = None, *, as_json: JsonOption = False
) -> None:
    """Who decides about people, what the provider is configured with, and what it keeps here."""
    with _opened(organization, home) as (operator, found):
        from orgs.user_management import deciding
        from sso.scim.queries import directory_size, scim_tokens
        from sso.scim.rendering import base_url

        people, groups = directory_size(operator, found)
        tokens = scim_tokens(operator, found)
        facts = {
            "decides": str(deciding(found)),
            "base_url": base_url(found),
            "people": people,
            "groups": groups,
            "tokens": [
                {
                    "name": token.name,
                    "token": token.shown,
                    "expires_at": token.expires_at.isoformat() if token.expires_at else None,
                    "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
                }
                for token in tokens
            ],
        }
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    typer.echo(f"People of {found.name} are decided about by: {facts['decides']}.")
    typer.echo(f"Base URL (Okta), tenant URL (Entra ID): {facts['base_url']}")
    typer.echo(f"The directory holds {people} people and {groups} groups.")
    for token in tokens:
        until = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "it is revoked"
        typer.echo(f"{token.shown}  {token.name}, good until {until}")


@scim.command("create-token")
def create_token(
    organization: OrganizationOption,
    *,
    name: Annotated[str, typer.Option(help="What it is for.")],
    days: Annotated[int, typer.Option(help="Good for so many days; 0: until it is revoked.")] = 90,
    home: HomeOption = None,
) -> None:
    """Make a token for an identity provider; it is printed only here."""
    with _opened(organization, home) as (operator, found):
        from sso.scim.tokens import create_scim_token

        _, plain = create_scim_token(operator, found, name=name, days=days or None)
    typer.echo(plain.value)


@scim.command("revoke-token")
def revoke_token(
    organization: OrganizationOption,
    public_id: Annotated[str, typer.Argument(help="The part after spscim_ in `status`.")],
    *,
    home: HomeOption = None,
) -> None:
    """Refuse a token from the next call on."""
    with _opened(organization, home) as (operator, found):
        from sso.scim.queries import find_scim_token
        from sso.scim.tokens import revoke_scim_token

        revoke_scim_token(operator, find_scim_token(operator, found, public_id))
    typer.echo(f"{public_id} is revoked.")


@scim.command("let-decide")
def let_decide(
    organization: OrganizationOption,
    mode: Annotated[str, typer.Argument(help="console, saml or scim.")],
    *,
    home: HomeOption = None,
) -> None:
    """Choose who decides about people and their roles; each excludes the other two."""
    with _opened(organization, home) as (operator, found):
        from sso.user_management import parse_mode, set_user_management

        set_user_management(operator, found, mode=parse_mode(mode))
    typer.echo(f"People of {found.name} are decided about by: {mode}.")


@scim.command()
def groups(organization: OrganizationOption, home: HomeOption = None) -> None:
    """The directory's groups, and the roles that their members hold by an owner's choice."""
    with _opened(organization, home) as (operator, found):
        from sso.scim.queries import directory_groups

        for group in directory_groups(operator, found):
            typer.echo(f"{group.pk}  {group.display_name}: {', '.join(group.roles) or '–'}")


@scim.command("map-group")
def map_group(
    organization: OrganizationOption,
    group: Annotated[str, typer.Argument(help="Its id in `groups`.")],
    roles: Annotated[
        list[str] | None,
        typer.Argument(help="pinecone:<OrgRole> or pinecone:project:<id>:<Role>; none: no roles."),
    ] = None,
    *,
    home: HomeOption = None,
) -> None:
    """Choose which roles members of a group hold."""
    with _opened(organization, home) as (operator, found):
        from orgs.identities import uuid_of
        from sso.scim.groups import map_group as choose
        from sso.scim.queries import get_directory_group

        row = get_directory_group(operator, found, uuid_of(group))
        row = choose(operator, row, roles=roles or [])
    typer.echo(f"{row.display_name}: {', '.join(row.roles) or '–'}")


@contextmanager
def _opened(reference: str, home: Path | None) -> "Iterator[tuple[Actor, Organization]]":
    """The operator and the organization."""
    with operating(home) as operator:
        yield operator, named_organization(reference)
