"""`python -m cli.part_renewal KIND`: the certificates of a part, read again when they changed."""

import sys

from cli.errors import SetupError
from cli.parts_authority import read_part_pair
from cli.renewal import renew_certificate
from gateway.rendering import publish
from gateway.settings import GatewaySettings
from gateway.tls import render_certificate
from kit.environment import Environment, environment
from kit.parts import PartKind


def renew_part(settings: GatewaySettings, here: Environment, kind: PartKind, name: str) -> bool:
    """Let Envoy show today's certificate; whether it changed. Raises SetupError for one that other
    parts would refuse; what was published before stays then."""
    pair = read_part_pair(here, kind, name)
    return publish(settings.part_file, render_certificate(pair.chain, pair.key))


def main() -> None:
    here, kind = environment(), PartKind(sys.argv[1])
    settings = GatewaySettings.of(here)
    renew_part(settings, here, kind, here.part_name)
    if kind is PartKind.GATEWAY:
        renew_certificate(settings, *here.certified_hosts)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"{error.message} {error.hint}")
