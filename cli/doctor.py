"""`stonepine doctor`: what should hold of an installation, and what to do where it does not."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.table import Table

from cli.certificates import read_pair
from cli.database_roles import require_bound_role
from cli.development_authority import TlsFiles, expires_in
from cli.embedded.postgres import ROLES, EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from cli.errors import SetupError
from cli.home import Home
from cli.instance import running, status
from cli.preflight import check_port, check_python, check_room
from cli.production import refuse_weaknesses, weaknesses
from cli.settings import Installation
from gateway.settings import GatewaySettings
from gateway.tls import read_chain
from keyring.local import LocalKeyring
from kit.environment import MADE_HERE, Environment
from kit.errors import StonepineError

_CERTIFICATE_WARNING = timedelta(days=7)
_OWNERS_URL = "DATABASE_OWNER_URL"
_OTHERS = stat.S_IRWXO | stat.S_IRGRP | stat.S_IWGRP


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, and what to do where it is not good."""

    check: str
    is_good: bool
    message: str
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


_Check = Callable[[], str]


def examine(home: Home) -> list[Finding]:
    """Every check that applies; the ones that need running processes only where some run."""
    checks: list[tuple[str, _Check]] = [
        ("python", _python),
        ("disk", lambda: _room(home)),
        ("swap", lambda: tell_of_swap(Path("/proc/swaps"), Path("/sys/class/block"))),
    ]
    if not home.exists():
        missing = Finding("home", is_good=False, message=f"{home.path} holds no installation.")
        return [*(_look(name, check) for name, check in checks), missing]
    installation = Installation.read(home)
    checks += [
        ("production", lambda: tell_of_production(installation.environment, _given())),
        ("private files", lambda: _private_files(home, installation.environment.tls_key)),
        ("keyring", lambda: _keyring(installation)),
        ("certificate", lambda: tell_of_certificate(installation.environment)),
        ("mail", lambda: tell_of_mail(installation.environment)),
    ]
    if installation.postgres is not None:
        checks.append(("postgres sign-in", _no_trust_in(installation.postgres)))
    if running(home) is None:
        environment = installation.environment
        checks.append(("port", lambda: _port(environment.bind_host, environment.port)))
    else:
        checks += _checks_of_servers(installation)
    checks.append(("processes", lambda: _processes(home)))
    return [_look(name, check) for name, check in checks]


def print_findings(findings: list[Finding]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 1))
    for finding in findings:
        mark = "[green]ok[/]" if finding.is_good else "[bold red]bad[/]"
        lines = [finding.message, *([finding.hint] if finding.hint else [])]
        table.add_row(mark, finding.check, "\n".join(lines))
    Console().print(table)


def _look(name: str, check: _Check) -> Finding:
    try:
        return Finding(name, is_good=True, message=check())
    except SetupError as error:
        return Finding(name, is_good=False, message=error.message, hint=error.hint)
    except StonepineError as error:
        return Finding(name, is_good=False, message=error.message)
    except OSError as error:
        return Finding(name, is_good=False, message=f"{error.filename}: {error.strerror}")
    except psycopg.Error as error:
        return Finding(name, is_good=False, message=str(error).strip().splitlines()[0])


def _checks_of_servers(installation: Installation) -> list[tuple[str, _Check]]:
    checks: list[tuple[str, _Check]] = []
    server = installation.postgres
    if server is not None:
        checks += [(f"database as {role}", _sign_in(server.url(role))) for role in ROLES]
        checks.append(("durability", _is_durable(server)))
    else:
        urls = installation.children_environment()
        bound = ("DATABASE_URL", "DATABASE_SYSTEM_URL")
        checks += [(name, _sign_in_bound(name, urls[name])) for name in bound]
        if os.environ.get(_OWNERS_URL):
            checks.append((_OWNERS_URL, _sign_in(os.environ[_OWNERS_URL])))
    if installation.valkey is not None:
        checks.append(("valkey password", _password_of(installation.valkey)))
    return checks


def _given() -> Mapping[str, str]:
    """The variables as set. The installation's own processes are not told the owner's URL: where
    they ask, it passes for the application's."""
    if MADE_HERE not in os.environ:
        return os.environ
    return {_OWNERS_URL: os.environ.get("DATABASE_URL", ""), **os.environ}


def _python() -> str:
    check_python()
    return "Python 3.11 or newer"


def _room(home: Home) -> str:
    check_room(home.path)
    return "enough bytes and inodes are free"


def tell_of_swap(listing: Path, devices: Path) -> str:
    """A warning, not a fault: many machines swap in the clear, and Stonepine runs on them."""
    used = [Path(line.split()[0]) for line in listing.read_text().splitlines()[1:]]
    open_ones = [str(path) for path in used if not _is_sealed(devices / path.resolve().name)]
    if open_ones:
        return f"{', '.join(open_ones)} is not encrypted: secrets in memory may reach the disk"
    return "none, or encrypted"


def _is_sealed(device: Path) -> bool:
    kind = device / "dm" / "uuid"
    is_crypt = kind.exists() and kind.read_text().startswith("CRYPT-")
    return is_crypt or device.name.startswith("zram")


def _port(host: str, port: int) -> str:
    check_port(host, port)
    return f"{port} is free"


def _private_files(home: Home, own_key: Path | None) -> str:
    private = [home.path, home.run_dir, home.path / "secrets.json", home.tls_dir]
    private += [*home.tls_dir.glob("*key.pem"), home.gateway_dir, home.path / "mail"]
    private += [own_key] if own_key else []
    for path in private:
        if path.exists() and path.stat().st_mode & _OTHERS:
            raise SetupError(
                f"Other users may look into {path}.", hint=f"`chmod go-rwx {path}` closes it."
            )
    return "closed to other users"


def _keyring(installation: Installation) -> str:
    LocalKeyring(installation.environment.keyring_dir)
    return "readable by us alone"


def tell_of_mail(environment: Environment) -> str:
    """Where it goes; bad only where people wait for mail that nobody delivers."""
    server = urlsplit(environment.smtp_url.get_secret_value()).hostname
    if server:
        return f"delivered by {server}"
    if environment.sign_up or environment.production:
        raise SetupError(
            f"No mail is delivered: it lies as files in {environment.mail_dir}.",
            hint="Set STONEPINE_SMTP_URL; see docs/configuration.md.",
        )
    return f"written to files in {environment.mail_dir}"


def tell_of_production(environment: Environment, given: Mapping[str, str]) -> str:
    """Bad only where production was asked for; else what it would ask for."""
    found = weaknesses(environment, given)
    if environment.production:
        refuse_weaknesses(found)
        return "asked for, and nothing is embedded, weak or unverified"
    if not found:
        return "not asked for; STONEPINE_PRODUCTION would refuse nothing"
    return "\n- ".join(["not asked for; STONEPINE_PRODUCTION would refuse:", *found])


def tell_of_certificate(environment: Environment) -> str:
    """Whose the gateway shows, and how long still; bad where a file's newer one was not fit."""
    settings = GatewaySettings.of(environment)
    pair = read_pair(settings.chain, settings.key, environment.certified_hosts)
    left = pair.left
    if settings.own_chain is None:
        left = min(left, expires_in(TlsFiles(settings.tls_dir).authority))
    if left < _CERTIFICATE_WARNING:
        raise SetupError(
            f"The gateway's certificate ends in {left.days} days.",
            hint="Restart Stonepine: it renews its own certificates."
            if settings.own_chain is None
            else f"Renew {settings.chain}: it is taken up by itself.",
        )
    if read_chain(settings.certificate_file.read_bytes()) != pair.chain:
        raise SetupError(
            f"The gateway does not show the certificate in {settings.chain} yet.",
            hint="`stonepine tls reload` takes it up.",
        )
    return f"{pair.certificate.issuer.rfc4514_string()}, good for {left.days} days"


def _no_trust_in(server: EmbeddedPostgres) -> _Check:
    def check() -> str:
        rules = (server.data_dir / "pg_hba.conf").read_text().splitlines()
        if any("trust" in rule.split() for rule in rules if not rule.startswith("#")):
            raise SetupError(
                "The embedded PostgreSQL lets local users in without a password.",
                hint="Restart Stonepine: it writes pg_hba.conf at each start.",
            )
        return "every role needs its password"

    return check


def _sign_in(url: str) -> _Check:
    def check() -> str:
        with psycopg.connect(url, connect_timeout=3):
            return "signs in"

    return check


def _sign_in_bound(name: str, url: str) -> _Check:
    def check() -> str:
        require_bound_role(name, url)
        return "signs in, and row-level security binds it"

    return check


def _is_durable(server: EmbeddedPostgres) -> _Check:
    def check() -> str:
        with psycopg.connect(server.url(ROLES[0]), connect_timeout=3) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
                if row is None or row[0] != "on":
                    raise SetupError(
                        f"PostgreSQL runs with {setting} off: a power cut loses writes.",
                        hint="Restart Stonepine, or turn it on in your PostgreSQL.",
                    )
        return "fsync, full_page_writes and synchronous_commit are on"

    return check


def _password_of(server: EmbeddedValkey) -> _Check:
    def check() -> str:
        import socket

        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3)
            client.connect(str(server.socket))
            client.sendall(b"PING\r\n")
            if not client.recv(64).startswith(b"-NOAUTH"):
                raise SetupError(
                    "The embedded Valkey answers without a password.", hint="Restart Stonepine."
                )
        return "is asked for"

    return check


def _processes(home: Home) -> str:
    found = status(home)
    if not found["processes"]:
        raise SetupError("Nothing runs.", hint=f"`stonepine up --home {Path(found['home'])}`")
    behind = [entry["name"] for entry in found["processes"] if entry["state"] != "ready"]
    if behind:
        raise SetupError(
            f"Not ready: {', '.join(behind)}.", hint=f"`stonepine logs {behind[0]}` says more."
        )
    return f"all {len(found['processes'])} are ready"
