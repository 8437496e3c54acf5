"""TLS as the gateway speaks it: 1.2 and later, 256-bit AES only, certificates reloaded."""

import json

from gateway.rendering import Json, discovery, named, typed
from gateway.settings import GatewaySettings

_CERTIFICATE = "gateway"
_TLS_1_2_SUITES = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"]


def render_certificate(chain: str, key: str) -> bytes:
    """The discovery file that holds the certificate; publishing it again makes Envoy reload.

    The chain and the key (both PEM) stand in the file itself, so that Envoy never sees one without
    the other. The file is as private as the key.
    """
    certificate = {
        "certificate_chain": {"inline_string": chain},
        "private_key": {"inline_string": key},
    }
    secret = typed(
        "envoy.extensions.transport_sockets.tls.v3.Secret",
        name=_CERTIFICATE,
        tls_certificate=certificate,
    )
    return discovery([secret])


def read_chain(content: bytes) -> str:
    """The chain in a file of `render_certificate`: the one that the gateway shows."""
    (secret,) = json.loads(content)["resources"]
    return str(secret["tls_certificate"]["certificate_chain"]["inline_string"])


def strict_transport(settings: GatewaySettings) -> list[Json]:
    """The header by which browsers ask this host for TLS alone for a year, where that is meant."""
    if not settings.has_strict_transport:
        return []
    header = {"key": "strict-transport-security", "value": "max-age=31536000"}
    return [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]


def downstream_tls(settings: GatewaySettings) -> Json:
    """`cipher_suites` binds TLS 1.2 alone; the compliance policy removes AES-128 from 1.3 too."""
    source = {
        "path": str(settings.certificate_file),
        "watched_directory": {"path": str(settings.gateway_dir)},
    }
    common = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_2",
            "tls_maximum_protocol_version": "TLSv1_3",
            "cipher_suites": _TLS_1_2_SUITES,
            "compliance_policies": ["CNSA1_202603"],
        },
        "tls_certificate_sds_secret_configs": [
            {
                "name": _CERTIFICATE,
                "sds_config": {"path_config_source": source, "resource_api_version": "V3"},
            }
        ],
    }
    return named(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context=common,
        disable_stateless_session_resumption=False,
    )
