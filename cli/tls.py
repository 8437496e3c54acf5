"""`stonepine tls …`: the gateway's certificate: made, shown, taken up after a change."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.entry import HomeOption, JsonOption
from cli.errors import SetupError
from cli.home import Home

tls = typer.Typer(help="The gateway's certificate.", no_args_is_help=True)


@tls.command()
def create(
    home: HomeOption = None,
    *,
    new_authority: Annotated[
        bool,
        typer.Option("--new-authority", help="Replace the authority too: clients must be told."),
    ] = False,
) -> None:
    """Make a development authority and the gateway's certificate under it, where missing."""
    from cli.development_authority import forget_authority
    from cli.settings import Installation

    chosen = Home.at(home)
    chosen.create()
    environment = Installation.read(chosen).environment
    if environment.tls_certificate is not None:
        raise SetupError(
            "STONEPINE_TLS_CERTIFICATE names a certificate of your own.",
            hint="Unset it to go back to the development authority.",
        )
    if new_authority:
        forget_authority(environment.tls_dir)
    _take_up(chosen)
    _print_facts(chosen)


@tls.command()
def show(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Whose certificate it is, for which hosts, how long; and what clients must trust."""
    chosen = _existing(home)
    if as_json:
        typer.echo(json.dumps(_facts(chosen), indent=1))
    else:
        _print_facts(chosen)


@tls.command()
def reload(home: HomeOption = None) -> None:
    """Take up a renewed certificate now: for the hook of whatever renews it."""
    is_new = _take_up(_existing(home))
    typer.echo("Taken up." if is_new else "It is the one that is shown already.")


def _existing(path: Path | None) -> Home:
    home = Home.at(path)
    if not home.tls_dir.exists():
        raise SetupError(
            f"{home.path} holds no installation.",
            hint=f"`stonepine tls create --home {home.path}` begins one.",
        )
    return home


def _take_up(home: Home) -> bool:
    from cli.renewal import renew_certificate
    from cli.settings import Installation
    from gateway.settings import GatewaySettings

    environment = Installation.read(home).environment
    return renew_certificate(GatewaySettings.of(environment), *environment.certified_hosts)


def _facts(home: Home) -> dict[str, Any]:
    from cryptography.hazmat.primitives import hashes

    from cli.certificates import read_pair
    from cli.preparation import authority_for_clients
    from cli.settings import Installation
    from gateway.settings import GatewaySettings

    environment = Installation.read(home).environment
    settings = GatewaySettings.of(environment)
    pair = read_pair(settings.chain, settings.key, environment.certified_hosts)
    certificate = pair.certificate
    return {
        "certificate": str(settings.chain),
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "hosts": pair.hosts,
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "authority": authority_for_clients(environment),
        "base_url": environment.base_url,
    }


def _print_facts(home: Home) -> None:
    from cli.display import trust_lines

    facts = _facts(home)
    for name in ("certificate", "subject", "issuer", "not_after", "sha256"):
        typer.echo(f"{name.replace('_', ' '):<12} {facts[name]}")
    typer.echo(f"{'hosts':<12} {', '.join(facts['hosts'])}")
    for line in trust_lines(facts["authority"], facts["base_url"]):
        typer.echo(f"  {line}")
