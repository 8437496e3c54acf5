"""`python -m cli.renewal`: the gateway's certificate, made or read again before it ends."""

import sys

from cli.certificates import read_pair
from cli.development_authority import ensure_certificate
from cli.errors import SetupError
from gateway.rendering import publish
from gateway.settings import GatewaySettings
from gateway.tls import render_certificate
from kit.environment import environment


def renew_certificate(settings: GatewaySettings, *hosts: str) -> bool:
    """Make it or read the operator's own; Envoy takes a changed one up without a restart.

    Raises SetupError where it cannot serve `hosts`; what was published before stays then.
    """
    if settings.own_chain is None:
        ensure_certificate(settings.tls_dir, list(hosts))
    pair = read_pair(settings.chain, settings.key, hosts)
    return publish(settings.certificate_file, render_certificate(pair.chain, pair.key))


if __name__ == "__main__":
    try:
        renew_certificate(GatewaySettings.of(environment()), *environment().certified_hosts)
    except SetupError as error:
        sys.exit(f"{error.message} {error.hint}")
