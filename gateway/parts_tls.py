"""TLS between parts of an installation: both sides show a certificate of its own authority."""

from typing import Any

from gateway.rendering import Json, discovered, named
from gateway.settings import GatewaySettings
from kit.parts import CALLERS, PartKind, zone

# Among ourselves there is no reason for anything older.
_PARAMETERS: Json = {
    "tls_minimum_protocol_version": "TLSv1_3",
    "tls_maximum_protocol_version": "TLSv1_3",
    "compliance_policies": ["CNSA1_202603"],
}


def upstream_tls(settings: GatewaySettings, expected: dict[str, str]) -> Json:
    """`expected` is Envoy's matcher for the name of who must answer."""
    return named(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context=_common(settings, [expected]),
    )


def door_tls(settings: GatewaySettings, kind: PartKind) -> Json:
    """For who calls at a door of that kind: parts that have business there, and nobody else."""
    callers = [{"suffix": f".{zone(caller)}"} for caller in CALLERS[kind]]
    return named(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={"alpn_protocols": ["h2", "http/1.1"], **_common(settings, callers)},
        require_client_certificate=True,
    )


def _common(settings: GatewaySettings, names: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "tls_params": _PARAMETERS,
        "tls_certificate_sds_secret_configs": [
            {"name": "gateway", "sds_config": discovered(settings.part_file)}
        ],
        "validation_context": {
            "trusted_ca": {"filename": str(settings.parts_ca)},
            "match_typed_subject_alt_names": [
                {"san_type": "DNS", "matcher": matcher} for matcher in names
            ],
        },
    }
