"""From the operator's environment and the home to what every process is told."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cli.embedded.postgres import APPLICATION, OWNER, SYSTEM, EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from cli.errors import SetupError
from cli.home import DEFAULT_PORT, SECRET_KEY, Home
from cli.production import refuse_weaknesses, weaknesses
from kit.environment import MADE_HERE, Addressing, Environment

_LAST_PORT = 65_535
_DATABASE_URLS = ("DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OWNER_URL")
# What is only good for our own process, or would change how a child's Python behaves.
_EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
_NOT_PASSED_ON = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONOPTIMIZE",
    "PYTHONDONTWRITEBYTECODE",
    "NOTIFY_SOCKET",
    *_DATABASE_URLS,
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A home with today's settings. None in place of an embedded server: a URL replaces it."""

    home: Home
    environment: Environment
    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None

    @classmethod
    def of(cls, home: Home, port: int | None = None) -> "Installation":
        """Read and check the settings. `port` None: the remembered one."""
        installation = cls.read(home, port)
        if installation.environment.production:
            refuse_weaknesses(weaknesses(installation.environment, os.environ))
        return installation

    @classmethod
    def read(
        cls, home: Home, port: int | None = None, *, with_owner: bool = True
    ) -> "Installation":
        """As `of`, without what is asked of production alone. `with_owner=False`: one of the parts
        that run on machines of their own, of which none is embedded."""
        environment = _read_environment(home, port)
        _refuse_open_address(environment)
        _refuse_overlapping_endpoints(environment)
        _refuse_unserved_addressing(environment)
        _refuse_half_a_certificate(environment)
        if not with_owner:
            return cls(home, environment, None, None)
        return cls(home, environment, _postgres(home), _valkey(home))

    def children_environment(self) -> dict[str, str]:
        """All variables of kit.environment, and what tames the libraries; no owner's URL."""
        own = self.environment
        inherited = {name: text for name, text in os.environ.items() if name not in _NOT_PASSED_ON}
        tamed = {
            # glibc's arenas and BLAS's threads cost memory that an idle process never gives back.
            "MALLOC_ARENA_MAX": "2",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        made = {
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STONEPINE_HOME": str(own.home),
            "STONEPINE_RUN_DIR": str(own.run_dir),
            "STONEPINE_PORT": str(own.port),
            "STONEPINE_INDEX_PORT_FIRST": str(own.index_port_first),
            "STONEPINE_INDEX_PORT_COUNT": str(own.index_port_count),
            "STONEPINE_KEYRING_DIR": str(own.keyring_dir),
            "STONEPINE_ENGINES": str(own.engine_count),
            SECRET_KEY: own.secret_key.get_secret_value(),
            "STONEPINE_TLS_CERTIFICATE": str(own.tls_certificate or ""),
            "STONEPINE_TLS_KEY": str(own.tls_key or ""),
            "STONEPINE_FORMER_SECRET_KEY": own.former_secret_key.get_secret_value(),
            "DATABASE_URL": self._database_url(APPLICATION),
            "DATABASE_SYSTEM_URL": self._database_url(SYSTEM),
            "REDIS_URL": self.valkey.url() if self.valkey else os.environ.get("REDIS_URL", ""),
            "OBJECT_STORE_URL": own.object_store_url,
        }
        ours = ",".join(name for name in made if name not in os.environ)
        return {**tamed, **inherited, **made, MADE_HERE: ours}

    def owner_environment(self) -> dict[str, str]:
        """What only the step that migrates is told besides."""
        return {"DATABASE_OWNER_URL": self._database_url(OWNER)}

    def _database_url(self, role: str) -> str:
        if self.postgres is not None:
            return self.postgres.url(role)
        names = dict(zip((APPLICATION, SYSTEM, OWNER), _DATABASE_URLS, strict=True))
        return os.environ.get(names[role], "")


def _read_environment(home: Home, port: int | None) -> Environment:
    chosen = port or os.environ.get("STONEPINE_PORT") or home.remembered().get("port")
    own: dict[str, object] = {
        "home": home.path,
        "run_dir": home.run_dir,
        "port": chosen or DEFAULT_PORT,
    }
    if not os.environ.get("STONEPINE_KEYRING_DIR"):
        own["keyring_dir"] = home.keyring_dir
    if not os.environ.get("STONEPINE_SECRET_KEY"):
        own["secret_key"] = home.secrets().secret_key
        own["former_secret_key"] = home.secrets().former_secret_key
    if not os.environ.get("OBJECT_STORE_URL"):
        own["OBJECT_STORE_URL"] = home.objects_dir.as_uri()
    try:
        if not os.environ.get("STONEPINE_INDEX_PORT_FIRST"):
            own["index_port_first"] = int(str(own["port"])) + 1000
        environment = Environment(**own)  # type: ignore[arg-type] # checked by pydantic itself
    except (ValidationError, ValueError) as error:
        raise SetupError(_what_is_wrong(error), hint="See docs/configuration.md.") from None
    return _with_room_for_indexes(environment)


def _with_room_for_indexes(environment: Environment) -> Environment:
    first, count = environment.index_port_first, environment.index_port_count
    if not 1 <= environment.port <= _LAST_PORT or not 1 <= first <= _LAST_PORT:
        raise SetupError(
            f"There is no port {environment.port}, or none for indexes from {first} on.",
            hint="Choose a --port from 1024 to 64000.",
        )
    return environment.model_copy(update={"index_port_count": min(count, _LAST_PORT + 1 - first)})


def _what_is_wrong(error: ValidationError | ValueError) -> str:
    """Names and reasons, never the values: they may be secrets."""
    if not isinstance(error, ValidationError):
        return "STONEPINE_PORT is not a number."
    wrong = [f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors(include_input=False)]
    return "The settings are wrong: " + "; ".join(wrong)


def _postgres(home: Home) -> EmbeddedPostgres | None:
    given = [name for name in _DATABASE_URLS if os.environ.get(name)]
    # A process of the installation knows no owner's URL.
    if len(given) == len(_DATABASE_URLS) or (MADE_HERE in os.environ and len(given) > 1):
        return None
    if given:
        missing = ", ".join(sorted(set(_DATABASE_URLS) - set(given)))
        raise SetupError(
            f"{given[0]} is set, but {missing} is not.",
            hint="A PostgreSQL of your own needs the URLs of all three roles.",
        )
    return embedded_postgres(home)


def embedded_postgres(home: Home) -> EmbeddedPostgres:
    """The cluster that lies in this home."""
    known = home.secrets()
    return EmbeddedPostgres(
        data_dir=home.postgres_dir,
        socket_dir=home.run_dir / "postgres",
        passwords={
            OWNER: known.owner_password,
            APPLICATION: known.app_password,
            SYSTEM: known.system_password,
        },
    )


def _valkey(home: Home) -> EmbeddedValkey | None:
    if os.environ.get("REDIS_URL"):
        return None
    socket: Path = home.run_dir / "valkey.sock"
    return EmbeddedValkey(home.valkey_dir, socket, home.secrets().valkey_password)


def _refuse_unserved_addressing(environment: Environment) -> None:
    if environment.addressing is Addressing.SUBDOMAIN:
        raise SetupError(
            "The gateway does not serve indexes by subdomain yet.",
            hint="Set STONEPINE_ADDRESSING to port, or to path for REST alone.",
        )


def _refuse_half_a_certificate(environment: Environment) -> None:
    if (environment.tls_certificate is None) is not (environment.tls_key is None):
        raise SetupError(
            "Of STONEPINE_TLS_CERTIFICATE and STONEPINE_TLS_KEY one is set alone.",
            hint="A certificate of your own needs both; without either Stonepine makes one.",
        )


def _refuse_open_address(environment: Environment) -> None:
    if environment.advertised_scheme not in {"http", "https"}:
        raise SetupError(
            "STONEPINE_ADVERTISED_SCHEME is neither http nor https.",
            hint="See docs/configuration.md.",
        )
    for host in filter(None, (environment.bind_host, environment.private_bind_host)):
        if environment.advertised_scheme != "https" and not _is_loopback(host):
            raise SetupError(
                f"Binding to {host} without TLS would send keys in the clear.",
                hint="Set STONEPINE_ADVERTISED_SCHEME=https, or bind to 127.0.0.1.",
            )


def _refuse_overlapping_endpoints(environment: Environment) -> None:
    """Both on the same ports of the same address: the second would never be reached."""
    public, private = environment.bind_host, environment.private_bind_host
    is_apart = environment.private_port_offset or not private
    if not is_apart and (public == private or {public, private} & _EVERY_ADDRESS):
        raise SetupError(
            f"The private endpoint cannot listen on the ports of {public} as well.",
            hint="Set STONEPINE_PRIVATE_PORT_OFFSET, or bind each to an address of its own.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise SetupError(
            f"STONEPINE_BIND_HOST is {host!r}, which is no IP address.",
            hint="Use 127.0.0.1, or 0.0.0.0 with TLS.",
        ) from None
