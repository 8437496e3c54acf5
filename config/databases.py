"""The three roles on one database, and the router that keeps each in its place."""

from typing import Any

from django.db.models import Model

from kit.environment import Environment
from storage.database import connection_parameters

_POOL = {"min_size": 0, "max_size": 24, "timeout": 10, "max_idle": 60}


def databases(environment: Environment) -> dict[str, dict[str, Any]]:
    """`default` is the application role, `system` crosses tenants, `owner` only migrates.

    `owner` is absent unless the process was given its URL: web and workers are not.
    """
    found = {
        "default": database(environment.database_url.get_secret_value(), is_pooled=True),
        "system": database(environment.database_system_url.get_secret_value(), is_pooled=True),
    }
    owner_url = environment.database_owner_url.get_secret_value()
    if owner_url:
        found["owner"] = database(owner_url, is_pooled=False)
        found["owner"]["OPTIONS"]["options"] += " -c lock_timeout=10s"
    return found


def database(url: str, *, is_pooled: bool) -> dict[str, Any]:
    """One entry of DATABASES from a libpq URL; unknown parameters go to libpq as they are."""
    parts = connection_parameters(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": is_pooled,
        "OPTIONS": {**parts, **({"pool": dict(_POOL)} if is_pooled else {})},
    }


class SpeltOutRoles:
    """Everything goes to the application role unless the code spells out another.

    Django would keep using the role an object was loaded with; a row found by the system role
    would then quietly carry its rights along.
    """

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        del model
        return "default"

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        del model
        return "default"

    def allow_relation(self, *_objects: Model, **_hints: Any) -> bool:
        return True  # one database, whatever the role

    def allow_migrate(self, db: str, *_args: Any, **_hints: Any) -> bool:
        return db == "owner"
