"""Plans: what each of them includes, and how much of it; rates are bounded by capacity alone."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kit.errors import InvalidArgument, PaymentRequired, QuotaExceeded


class Plan(StrEnum):
    """`Starter` is called `Free` on the wire."""

    STARTER = "Starter"
    STANDARD = "Standard"
    ENTERPRISE = "Enterprise"
    DEDICATED = "Dedicated"


class Feature(StrEnum):
    """What a plan may include or not; the text is how refusals name it."""

    AUDIT_STREAMS = "audit streams"
    BACKUPS = "backups"
    CUSTOM_KEY_ROLES = "API keys with roles of their own"
    CUSTOMER_MANAGED_KEYS = "customer-managed encryption keys"
    IMPORTS = "bulk imports"
    METRICS_EXPORT = "metrics export"
    PRIVATE_ENDPOINTS = "private endpoints"
    SCIM = "SCIM"
    SERVICE_ACCOUNTS = "service accounts"
    SSO = "single sign-on"


@dataclass(frozen=True, slots=True)
class Limits:
    """Objects that a plan allows; None is unbounded. Pinecone names no number of API keys."""

    projects: int | None = None
    users: int | None = None
    indexes_per_project: int | None = None
    namespaces_per_index: int | None = None
    collections_per_project: int | None = None
    backups_per_project: int | None = None
    api_keys_per_project: int | None = None
    storage_bytes: int | None = None


LIMITS: dict[Plan, Limits] = {
    Plan.STARTER: Limits(
        projects=1,
        users=2,
        indexes_per_project=5,
        namespaces_per_index=100,
        collections_per_project=100,
        backups_per_project=0,
        api_keys_per_project=100,
        storage_bytes=2 * 1024**3,
    ),
    Plan.STANDARD: Limits(
        projects=20,
        indexes_per_project=20,
        namespaces_per_index=100_000,
        backups_per_project=500,
        api_keys_per_project=1_000,
    ),
    Plan.ENTERPRISE: Limits(
        projects=100,
        indexes_per_project=200,
        namespaces_per_index=100_000,
        backups_per_project=1_000,
    ),
    # A machine of one's own: only its capacity bounds it.
    Plan.DEDICATED: Limits(),
}

# How far back an index can be restored to any second.
RESTORE_WINDOW: dict[Plan, timedelta] = {
    Plan.STARTER: timedelta(),
    Plan.STANDARD: timedelta(days=7),
    Plan.ENTERPRISE: timedelta(days=14),
    Plan.DEDICATED: timedelta(days=30),
}

_STANDARD = frozenset(
    {Feature.BACKUPS, Feature.CUSTOM_KEY_ROLES, Feature.IMPORTS, Feature.METRICS_EXPORT}
)
FEATURES: dict[Plan, frozenset[Feature]] = {
    Plan.STARTER: frozenset(),
    Plan.STANDARD: _STANDARD,
    Plan.ENTERPRISE: frozenset(Feature),
    Plan.DEDICATED: frozenset(Feature),
}


def parse_plan(name: str) -> Plan:
    """The plan of that name, whatever its case."""
    for plan in Plan:
        if plan.lower() == name.strip().lower():
            return plan
    raise InvalidArgument(f"There is no plan {name!r}: choose one of {', '.join(Plan)}.")


def require_room(limit: int | None, existing: int, *, what: str, plan: Plan | None = None) -> None:
    """Raise `QuotaExceeded` where one more would be one too many."""
    if limit is not None and existing >= limit:
        raise QuotaExceeded(
            f"{f'The plan {plan}' if plan else 'This plan'} allows {limit} {what}, and {existing} "
            "exist. Delete one or change the plan.",
            limit=limit,
            existing=existing,
        )


def require_feature(plan: Plan, feature: Feature) -> None:
    """Raise `PaymentRequired` where the plan does not include it."""
    if feature not in FEATURES[plan]:
        having = " or ".join(one for one in Plan if feature in FEATURES[one])
        raise PaymentRequired(f"The plan {plan} does not include {feature}: it needs {having}.")
