"""The installation's settings as its processes read them; secrets are not shown."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from access.actor import Actor
from kit.environment import Environment, environment
from orgs.account_verbs import require_operator

# Every field of the environment; docs/configuration.md says what each means.
GROUPS: dict[str, tuple[str, ...]] = {
    "The installation": (
        "home", "run_dir", "production", "debug", "default_plan", "sign_up", "access_token_s",
        "secret_key", "former_secret_key", "metrics_token", "log_level", "trust_page",
        "trust_contact",
    ),
    "Storage and keys": (
        "database_url", "database_system_url", "database_owner_url", "redis_url",
        "object_store_url", "keyring_dir", "root_key", "former_root_key", "data_key_cache_s",
        "log_retention_s", "object_grace_s",
    ),
    "Mail": ("smtp_url", "mail_from"),
    "Addresses": (
        "bind_host", "port", "index_port_first", "index_port_count", "addressing",
        "advertised_scheme", "advertised_host", "index_domain", "tls_certificate", "tls_key",
        "trusted_proxy_hops", "trusted_proxies", "private_bind_host", "private_advertised_host",
        "private_port_offset", "private_trusted_proxy_hops", "cors_origins",
    ),
    "The way out": (
        "outbound_allow", "outbound_proxy_resolves", "https_proxy", "http_proxy", "no_proxy",
        "dns_servers", "webhook_patience_s",
    ),
    "Index nodes": (
        "node_name", "node_zone", "node_lease_s",
        "engines", "engine_number", "engine_memory_mb", "engine_idle_s",
        "segment_threshold", "segment_max_records", "merge_max_records", "usage_report_s",
        "create_wait_s",
    ),
    "Parts on machines of their own": (
        "parts_ca", "part_certificate", "part_key", "part_name", "part_address",
        "part_bind_host",
    ),
    "Imports": ("import_folders", "import_endpoints", "import_save_s", "import_memory_mb"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` is fit to be shown; `is_default` where nobody chose another."""

    variable: str
    value: str
    is_default: bool
    is_secret: bool


def shown_settings(actor: Actor) -> dict[str, list[Setting]]:
    """By what they are about."""
    require_operator(actor)
    here = environment()
    return {title: [_setting(here, name) for name in names] for title, names in GROUPS.items()}


def _setting(here: Environment, name: str) -> Setting:
    field, value = Environment.model_fields[name], getattr(here, name)
    variable = str(field.validation_alias or f"STONEPINE_{name.upper()}")
    is_secret = isinstance(value, SecretStr)
    return Setting(variable, _shown(value), value == field.default, is_secret)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set, not shown" if value.get_secret_value() else "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return _without_password(text) or "not set"


def _without_password(text: str) -> str:
    """Nobody should write one into a URL that is not kept as a secret; somebody will."""
    if "://" not in text or "@" not in text:
        return text
    parts = urlsplit(text)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
