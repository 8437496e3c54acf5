"""`python -m cli.renewal`: the gateway's certificate, made again before it ends."""

from cli.tls import ensure_certificate
from gateway.rendering import publish
from gateway.settings import GatewaySettings
from gateway.tls import render_certificate
from kit.environment import environment


def renew_certificate(settings: GatewaySettings, *hosts: str) -> bool:
    """Make or renew it where needed; Envoy takes the published one up without a restart."""
    ensure_certificate(settings.tls_dir, list(hosts))
    return publish(settings.certificate_file, render_certificate(settings))


if __name__ == "__main__":
    renew_certificate(GatewaySettings.of(environment()), *environment().certified_hosts)
