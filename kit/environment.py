"""What every process of an installation is told from outside: typed and read once.

Django's own settings are built from this in `config.settings`; the data plane and the command line
read it directly. Each field stands in docs/configuration.md, and a test holds the two together.
"""

import logging
import os
import re
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.destinations import AllowedDestination, Purpose, is_ip_address, parse_destinations

# Names the variables that `stonepine up` made for its processes, which nobody has set.
MADE_HERE = "STONEPINE_MADE_HERE"


class Addressing(StrEnum):
    """How an index is named on the wire: see docs/architecture.md, "Addressing"."""

    PORT = "port"
    PATH = "path"
    SUBDOMAIN = "subdomain"


class LogLevel(StrEnum):
    """What is logged: that, and whatever is graver."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """As the logging module counts."""
        return logging.getLevelNamesMapping()[self.name]


class Environment(BaseSettings):
    """The installation as its processes see it."""

    model_config = SettingsConfigDict(env_prefix="STONEPINE_", extra="ignore", frozen=True)

    home: Path = Path(".stonepine")
    # Unix sockets live here; apart from `home` because a socket path holds at most 107 bytes.
    run_dir: Path = Path(".stonepine/run")
    production: bool = False
    debug: bool = False
    log_level: LogLevel = LogLevel.INFO
    secret_key: SecretStr = SecretStr("")
    # What it was before it was rotated: still believed, never signed with.
    former_secret_key: SecretStr = SecretStr("")

    # libpq URLs of the three roles (application, system, owner); see docs/architecture.md.
    database_url: SecretStr = Field(SecretStr(""), validation_alias="DATABASE_URL")
    database_system_url: SecretStr = Field(SecretStr(""), validation_alias="DATABASE_SYSTEM_URL")
    database_owner_url: SecretStr = Field(SecretStr(""), validation_alias="DATABASE_OWNER_URL")
    redis_url: SecretStr = Field(SecretStr(""), validation_alias="REDIS_URL")
    object_store_url: str = Field("", validation_alias="OBJECT_STORE_URL")
    keyring_dir: Path = Path(".stonepine/keyring")

    # In place of the keyring's file: 32 random bytes as base64.
    root_key: SecretStr = SecretStr("")
    former_root_key: SecretStr = SecretStr("")
    # What an outer key has opened is believed for so long: then its holder is asked again.
    data_key_cache_s: float = Field(240.0, ge=0.5, le=300)

    # What clients dial. `advertised_*` are what `describe_index` answers (containers remap ports).
    bind_host: str = "127.0.0.1"
    port: int = 8080
    index_port_first: int = 9080
    index_port_count: int = 1000
    addressing: Addressing = Addressing.PORT
    # Proxies in front of the gateway, each of which appends to X-Forwarded-For what it saw.
    trusted_proxy_hops: int = Field(0, ge=0, le=8)
    # A second address of the gateway for the data plane, for example in a private network.
    private_bind_host: str = ""
    private_advertised_host: str = ""
    # Added to a port of the public address; needed where both addresses overlap.
    private_port_offset: int = Field(0, ge=0, le=50_000)
    private_trusted_proxy_hops: int = Field(0, ge=0, le=8)
    # Networks of the proxies whose X-Forwarded-For counts; empty: of whoever connects.
    trusted_proxies: str = ""
    advertised_scheme: str = "http"
    advertised_host: str = "127.0.0.1"
    index_domain: str = ""
    # The operator's own certificate (with its chain) and key; else a development authority's.
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    # May strangers make an account? Who holds an invitation always may.
    sign_up: bool = False
    # A page for everybody about how data is kept here; and whom to ask.
    trust_page: bool = False
    trust_contact: str = ""
    # `smtp://`, `smtp+starttls://` or `smtps://`; without it mail goes to files in `mail_dir`.
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = "Stonepine <stonepine@localhost>"

    # Origins (separated by commas, or `*`) whose pages may call indexes from a browser.
    cors_origins: str = ""
    node_name: str = "local"
    # What is lost together with it (rack, room, availability zone); "": that nobody told.
    node_zone: str = ""
    # Where parts of the installation run on machines of their own: the authority that all of them
    # trust, this one's certificate and key, its name (a node's is `node_name`; the machine's where
    # none is set), and `host:port` under which others reach it.
    parts_ca: Path | None = None
    part_certificate: Path | None = None
    part_key: Path | None = None
    part_name: str = ""
    part_address: str = ""
    # Where its door listens; the host of its address where that is one of an interface.
    part_bind_host: str = ""
    # A node that could not say for so long that it lives answers nobody; a quarter later others
    # take its indexes.
    node_lease_s: float = Field(30.0, ge=2, le=30)
    # Engine processes of this machine; 0: one for two cores. `engine_number` counts from 0.
    engines: int = Field(0, ge=0, le=64)
    engine_number: int = Field(0, ge=0, le=63)
    default_plan: str = "Starter"
    # How long an access token of a service account is good; it is revoked at once all the same.
    access_token_s: int = Field(86_400, ge=60)
    # Where our own calls may go although it is no public address; see kit.destinations.
    outbound_allow: str = ""
    # The forward proxy may look up names that this machine cannot: it then guards where they lead.
    outbound_proxy_resolves: bool = False
    https_proxy: SecretStr = Field(SecretStr(""), validation_alias="HTTPS_PROXY")
    http_proxy: SecretStr = Field(SecretStr(""), validation_alias="HTTP_PROXY")
    no_proxy: str = Field("", validation_alias="NO_PROXY")
    # A webhook that took nothing for so long is turned off.
    webhook_patience_s: int = Field(86_400, ge=60)
    # Name servers (address or address:port, separated by commas) asked for the proofs of mail
    # domains; empty: the machine's own.
    dns_servers: str = ""
    # A namespace with more records than this outside segments gets one built.
    segment_threshold: int = 10_000
    segment_max_records: int = 16_384
    merge_max_records: int = 160_000
    # Past this much, writes that grow indexes are refused; 0: half of the machine's memory.
    engine_memory_mb: int = Field(0, ge=0)
    # Indexes without a request for so long are unloaded first, and come back with the next one.
    engine_idle_s: float = Field(30.0, ge=0)
    # How often the front brings what it metered to PostgreSQL; a killed one loses so much.
    usage_report_s: float = Field(5.0, gt=0)
    # Folders (absolute, separated by commas) that imports may read; `{organization_id}` and
    # `{project_id}` stand for those of the index.
    import_folders: str = ""
    # Origins of S3-compatible stores (`https://host:port`, separated by commas) that storage
    # integrations may name.
    import_endpoints: str = ""
    # How often an importer keeps how far it has come, and looks whether it should go on.
    import_save_s: float = Field(0.5, ge=0)
    # What an importer process may allocate.
    import_memory_mb: int = Field(512, ge=256)
    # Opens GET /metrics to whoever sends it as a bearer; without one there is no such address.
    metrics_token: SecretStr = SecretStr("")
    log_retention_s: int = 3_600
    # Segments and manifests stay so long after nothing needs them; no build may last as long.
    object_grace_s: int = Field(3_600, ge=1_800)
    # How long the create call itself waits for readiness before it answers Initializing.
    create_wait_s: float = 4.0

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        for origin in _split(text):
            if origin != "*" and not _is_origin(origin):
                raise ValueError(f"{origin} is no origin such as https://app.example.com")
        return text

    @property
    def cors_origins_allowed(self) -> frozenset[str]:
        return frozenset(_split(self.cors_origins))

    @field_validator(
        "tls_certificate", "tls_key", "parts_ca", "part_certificate", "part_key", mode="before"
    )
    @classmethod
    def _is_path_from_here(cls, text: object) -> object:
        # Processes have working directories of their own.
        return Path(str(text)).absolute() if text else None

    @field_validator("import_folders")
    @classmethod
    def _are_absolute(cls, text: str) -> str:
        for folder in _split(text):
            if not Path(folder).is_absolute() or ".." in Path(folder).parts:
                raise ValueError(f"{folder} is not an absolute path")
        return text

    @property
    def import_endpoints_allowed(self) -> list[str]:
        return [origin.rstrip("/") for origin in _split(self.import_endpoints)]

    def import_folders_of(self, *, organization_id: UUID, project_id: UUID) -> list[str]:
        """The folders that this project may import from."""
        names = {"{organization_id}": str(organization_id), "{project_id}": str(project_id)}
        folders = _split(self.import_folders)
        for name, value in names.items():
            folders = [folder.replace(name, value) for folder in folders]
        return folders

    @field_validator("node_zone")
    @classmethod
    def _is_zone(cls, text: str) -> str:
        if not re.fullmatch(r"[a-z0-9-]{0,63}", text):
            raise ValueError("a zone is called by 1 to 63 of a-z, 0-9 and '-'")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        for part in _split(text):
            ip_network(part)
        return text

    @property
    def trusted_proxy_networks(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(part) for part in _split(self.trusted_proxies)]

    @field_validator("outbound_allow")
    @classmethod
    def _is_list_of_destinations(cls, text: str) -> str:
        parse_destinations(text)
        return text

    def outbound_allowed(self, purpose: Purpose) -> tuple[AllowedDestination, ...]:
        """What the operator lets calls of that purpose reach besides public addresses."""
        listed = parse_destinations(self.outbound_allow)
        return tuple(entry for entry in listed if entry.is_for(purpose))

    @field_validator("https_proxy", "http_proxy")
    @classmethod
    def _is_plain_proxy(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not _is_proxy(url.get_secret_value()):
            raise ValueError("only proxies of the form http://[user:password@]host:port are known")
        return url

    @property
    def has_parts(self) -> bool:
        """Whether this is one part of several, on machines of their own."""
        return self.parts_ca is not None

    @property
    def web_socket(self) -> Path:
        return self.run_dir / "web.sock"

    @property
    def node_rest_socket(self) -> Path:
        return self.run_dir / "node-rest.sock"

    @property
    def node_grpc_socket(self) -> Path:
        return self.run_dir / "node-grpc.sock"

    @property
    def engine_count(self) -> int:
        return self.engines or max(1, (os.cpu_count() or 1) // 2)

    @property
    def engine_sockets(self) -> list[Path]:
        """By engine number."""
        others = (f"engine-{number}.sock" for number in range(1, self.engine_count))
        return [self.run_dir / name for name in ("engine.sock", *others)]

    @property
    def engine_socket(self) -> Path:
        """Of the engine that this process is."""
        return self.engine_sockets[self.engine_number]

    @property
    def gateway_dir(self) -> Path:
        """Where the gateway's discovery files lie: `listeners.json` is written by workers."""
        return self.home / "gateway"

    @property
    def tls_dir(self) -> Path:
        """`ca.pem`, `cert.pem` and `key.pem` of the development authority."""
        return self.home / "tls"

    @property
    def has_strict_transport(self) -> bool:
        """Whether browsers are told to ask the host for TLS alone, on every port, for a year.

        Not where other programs share the name: on a machine known as localhost.
        """
        host = self.advertised_host.strip("[]")
        is_shared = host == "localhost" or host.endswith(".localhost") or is_ip_address(host)
        return self.advertised_scheme == "https" and not is_shared

    @property
    def log_dir(self) -> Path:
        return self.home / "logs"

    @property
    def mail_dir(self) -> Path:
        """Where mail lies as files while no SMTP server is configured."""
        return self.home / "mail"

    @property
    def private_host(self) -> str:
        """What clients dial at the private endpoint; "" where there is none."""
        return self.private_advertised_host or self.private_bind_host

    @property
    def certified_hosts(self) -> list[str]:
        """The names that the gateway's own certificate is for."""
        return [name for name in (self.advertised_host, self.private_host) if name]

    @property
    def base_url(self) -> str:
        return f"{self.advertised_scheme}://{self.advertised_host}:{self.port}"


def _is_proxy(url: str) -> bool:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    return re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", text) is not None


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The process's environment, read at first use."""
    return Environment()
