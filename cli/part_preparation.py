"""From a home and today's settings to the plan of one part on a machine of its own."""

import sys

from cli.home import Home
from cli.part_renewal import renew_part
from cli.part_settings import PartInstallation
from cli.preflight import check_port, check_python, check_room
from cli.preparation import authority_for_clients
from cli.process_table import gateway, imports, node, part_keeper, scheduler, web, worker
from cli.processes import Plan, ProcessSpec
from cli.renewal import renew_certificate
from gateway.apart import Parts, publish_parts
from gateway.bootstrap import render_bootstrap
from gateway.door import render_door
from gateway.rendering import publish
from gateway.settings import GatewaySettings
from keyring.local import LocalKeyring
from kit.parts import CALLERS, PartKind, split_address


def prepare_part(home: Home, kind: PartKind, port: int | None) -> Plan:
    """Everything short of starting. The caller holds the home's lock. Idempotent."""
    check_python()
    check_room(home.path)
    home.create()
    part = PartInstallation.of(home, kind, port)
    here = part.environment
    renew_part(GatewaySettings.of(here), here, kind, part.name)
    if kind is PartKind.GATEWAY:
        _prepare_gateway(part)
    else:
        LocalKeyring(here.keyring_dir).check()
    if kind in CALLERS:
        _prepare_door(part)
    part.require_tables()
    home.remember(port=here.port)
    own_tls = (here.tls_certificate, here.tls_key) if kind is PartKind.GATEWAY else ()
    watched = (here.part_certificate, here.part_key, *own_tls)
    return Plan(
        home=str(home.path),
        port=here.port,
        base_url=here.base_url,
        certificate_authority=authority_for_clients(here) if kind is PartKind.GATEWAY else "",
        processes=_processes(part),
        environment=part.children_environment(),
        daily=[sys.executable, "-m", "cli.part_renewal", str(kind)],
        watched=[str(path) for path in watched if path],
        part=f"{kind} {part.name}",
    )


def _processes(part: PartInstallation) -> list[ProcessSpec]:
    here, kind = part.environment, part.kind
    door = gateway(here, name="door")
    match kind:
        case PartKind.GATEWAY:
            return [gateway(here), part_keeper(kind)]
        case PartKind.NODE:
            return [door, *node(here, []), imports()]
        case PartKind.WEB:
            return [door, web(here, []), part_keeper(kind)]
        case PartKind.WORKER:
            return [worker([]), scheduler([])]


def _prepare_gateway(part: PartInstallation) -> None:
    """Where it led at last it leads until its keeper has heard of more."""
    here = part.environment
    settings = GatewaySettings.of(here)
    check_port(here.bind_host, here.port)
    renew_certificate(settings, *here.certified_hosts)
    publish(settings.bootstrap_file, render_bootstrap(settings))
    if not settings.clusters_file.exists():
        publish_parts(settings, Parts())


def _prepare_door(part: PartInstallation) -> None:
    settings = GatewaySettings.of(part.environment)
    check_port(*split_address(part.door_address))
    rendered = render_door(settings, part.kind, address=part.door_address)
    publish(settings.bootstrap_file, rendered)
