"""From a home and today's settings to a plan: checks, keys, certificates, configuration files."""

import sys

from cli.database import is_prepared
from cli.development_authority import TlsFiles
from cli.embedded.identity import Identity
from cli.home import Home
from cli.preflight import check_port, check_python, check_room
from cli.process_table import process_table
from cli.processes import Plan
from cli.renewal import renew_certificate
from cli.settings import Installation
from cli.unfinished import refuse_unfinished
from gateway.bootstrap import render_bootstrap
from gateway.listeners import publish, read_listeners, render_listeners
from gateway.settings import GatewaySettings
from keyring.local import LocalKeyring
from kit.environment import Environment


def prepare(home: Home, port: int | None) -> Plan:
    """Everything short of starting. The caller holds the home's lock. Idempotent."""
    check_python()
    check_room(home.path)
    refuse_unfinished(home)
    home.create()
    installation = Installation.of(home, port)
    environment = installation.environment
    check_port(environment.bind_host, environment.port)
    LocalKeyring.create(environment.keyring_dir)
    prepare_gateway(GatewaySettings.of(environment), *environment.certified_hosts)
    identity = Identity(None, None)
    must_migrate = True
    if installation.postgres is not None:
        identity = installation.postgres.prepare()
        must_migrate = not is_prepared(installation.postgres, environment)
    if installation.valkey is not None:
        installation.valkey.prepare()
    has_owner = not must_migrate and bool(home.remembered().get("has_owner"))
    home.remember(port=environment.port)
    return Plan(
        home=str(home.path),
        port=environment.port,
        base_url=environment.base_url,
        certificate_authority=authority_for_clients(environment),
        processes=process_table(installation, identity, must_migrate=must_migrate),
        environment=installation.children_environment(),
        first_start=[] if has_owner else [sys.executable, "-m", "cli.first_start"],
        daily=[sys.executable, "-m", "cli.renewal"],
        watched=[str(path) for path in (environment.tls_certificate, environment.tls_key) if path],
    )


def authority_for_clients(environment: Environment) -> str:
    """The file that clients must be told to trust; "" where the operator's own stands."""
    if environment.tls_certificate is not None:
        return ""
    return str(TlsFiles(environment.tls_dir).authority)


def prepare_gateway(settings: GatewaySettings, *hosts: str) -> None:
    """Certificate and configuration; the indexes' listeners stay those that workers published."""
    renew_certificate(settings, *hosts)
    publish(settings.bootstrap_file, render_bootstrap(settings))
    # Envoy waits for its discovery files before it listens anywhere; and today's settings may
    # differ from those of the last start.
    try:
        listeners = read_listeners(settings.listeners_file.read_bytes())
    except FileNotFoundError:
        listeners = []
    publish(settings.listeners_file, render_listeners(listeners, settings))
