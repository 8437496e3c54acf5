"""What the gateway must know of an installation: addresses, folders, limits."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from uuid import UUID

from kit.environment import Environment

LISTENERS_FILE = "listeners.json"
CERTIFICATE_FILE = "certificate.json"
BOOTSTRAP_FILE = "bootstrap.json"
CLUSTERS_FILE = "clusters.json"
PART_FILE = "part.json"


@dataclass(frozen=True, slots=True)
class IndexListener:
    """One index's authority: everything on `port` belongs to that index."""

    index_id: UUID
    port: int


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The values that both the bootstrap and the discovery files are rendered from.

    `trusted_hops` is the number of proxies in front whose X-Forwarded-For is believed, of those
    that connect from `trusted_proxies` alone, where there are such networks. Plaintext is spoken
    beside TLS only where clients are told to use it. The certificate is that of the development
    authority in `tls_dir`, unless the operator has an own one. A body is gathered whole before any
    key was looked at, so its limit is what the process behind takes, and `body_slack_bytes` that
    let this process say itself what was too much.

    `is_apart` where the processes behind are on other machines: the gateway finds out itself which
    there are, and shows them `part.json`, its certificate of the authority `parts_ca`.
    """

    bind_host: str
    port: int
    run_dir: Path
    gateway_dir: Path
    tls_dir: Path
    web_socket: Path
    node_rest_socket: Path
    node_grpc_socket: Path
    own_chain: Path | None = None
    own_key: Path | None = None
    speaks_plaintext: bool = True
    has_strict_transport: bool = False
    trusted_hops: int = 0
    trusted_proxies: tuple[str, ...] = ()
    private_bind_host: str = ""
    private_port_offset: int = 0
    private_trusted_hops: int = 0
    is_private: bool = False
    is_apart: bool = False
    parts_ca: Path | None = None
    request_timeout_s: int = 60
    max_web_body_bytes: int = 1024 * 1024
    max_node_body_bytes: int = 4 * 1024 * 1024
    body_slack_bytes: int = 64 * 1024
    max_heap_bytes: int = 1024 * 1024 * 1024
    max_connections: int = 10_000
    max_index_connections: int = 4_000

    @classmethod
    def of(cls, environment: Environment) -> Self:
        # Absolute: Envoy resolves paths against its own working directory.
        return cls(
            bind_host=environment.bind_host,
            port=environment.port,
            run_dir=environment.run_dir.absolute(),
            gateway_dir=environment.gateway_dir.absolute(),
            tls_dir=environment.tls_dir.absolute(),
            web_socket=environment.web_socket.absolute(),
            node_rest_socket=environment.node_rest_socket.absolute(),
            node_grpc_socket=environment.node_grpc_socket.absolute(),
            own_chain=environment.tls_certificate,
            own_key=environment.tls_key,
            speaks_plaintext=environment.advertised_scheme != "https",
            has_strict_transport=environment.has_strict_transport,
            trusted_hops=environment.trusted_proxy_hops,
            trusted_proxies=tuple(map(str, environment.trusted_proxy_networks)),
            private_bind_host=environment.private_bind_host,
            private_port_offset=environment.private_port_offset,
            private_trusted_hops=environment.private_trusted_proxy_hops,
            is_apart=environment.has_parts,
            parts_ca=environment.parts_ca,
        )

    @property
    def private(self) -> Self | None:
        """The same for the private endpoint, where there is one: the data plane alone, at another
        address, behind none of the proxies that stand before the public one."""
        if not self.private_bind_host:
            return None
        return replace(
            self,
            bind_host=self.private_bind_host,
            port=self.port + self.private_port_offset,
            trusted_hops=self.private_trusted_hops,
            trusted_proxies=(),
            is_private=True,
        )

    @property
    def admin_socket(self) -> Path:
        return self.run_dir / "gateway-admin.sock"

    @property
    def chain(self) -> Path:
        """The PEM file with the gateway's certificate and what stands between it and its root."""
        return self.own_chain or self.tls_dir / "cert.pem"

    @property
    def key(self) -> Path:
        return self.own_key or self.tls_dir / "key.pem"

    @property
    def listeners_file(self) -> Path:
        return self.gateway_dir / LISTENERS_FILE

    @property
    def clusters_file(self) -> Path:
        return self.gateway_dir / CLUSTERS_FILE

    @property
    def part_file(self) -> Path:
        return self.gateway_dir / PART_FILE

    @property
    def routes_dir(self) -> Path:
        """One discovery file for each listener: a route may change while connections last."""
        return self.gateway_dir / "routes"

    @property
    def certificate_file(self) -> Path:
        return self.gateway_dir / CERTIFICATE_FILE

    @property
    def bootstrap_file(self) -> Path:
        return self.gateway_dir / BOOTSTRAP_FILE
