"""Plans and what each of them allows; a self-hosted installation bounds nothing by default."""

from dataclasses import dataclass
from enum import StrEnum

from kit.errors import InvalidArgument, QuotaExceeded


class Plan(StrEnum):
    STARTER = "Starter"
    BUILDER = "Builder"
    STANDARD = "Standard"
    ENTERPRISE = "Enterprise"


@dataclass(frozen=True, slots=True)
class Limits:
    """Objects that a plan allows; None is unbounded."""

    projects: int | None = None
    indexes_per_project: int | None = None
    api_keys_per_project: int | None = None
    service_accounts: int | None = None


LIMITS: dict[Plan, Limits] = {
    Plan.STARTER: Limits(service_accounts=0),
    Plan.BUILDER: Limits(service_accounts=0),
    Plan.STANDARD: Limits(service_accounts=0),
    Plan.ENTERPRISE: Limits(),
}


def parse_plan(name: str) -> Plan:
    """The plan of that name, whatever its case."""
    for plan in Plan:
        if plan.lower() == name.strip().lower():
            return plan
    raise InvalidArgument(f"There is no plan {name!r}: choose one of {', '.join(Plan)}.")


def require_room(limit: int | None, existing: int, *, what: str) -> None:
    """Raise `QuotaExceeded` where one more would be one too many."""
    if limit is not None and existing >= limit:
        raise QuotaExceeded(
            f"This plan allows {limit} {what}, and {existing} exist. Delete one or change the plan."
        )
