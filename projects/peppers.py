"""Rotating the pepper under which digests of secrets are stored: the operator's acts."""

from collections import Counter

from django.apps import apps
from django.db import connections, models, transaction
from django.db.models import Count, Q

from access.actor import OPERATOR
from audit.actions import Action
from audit.record import Target, record_unbound
from kit import clock
from kit.errors import FailedPrecondition
from orgs.dataplane import announce_change
from orgs.secrets import installation_keyring

# What is over by one of these is never checked again, whatever its digest is worth.
_ENDINGS = ("revoked_at", "processed_at", "used_at")

# Of each pepper: how many secrets of each kind hang on it.
Inventory = dict[int, Counter[str]]


def secrets_by_pepper() -> Inventory:
    """Living secrets of all tenants, by pepper and kind. Crosses tenants."""
    found: Inventory = {pepper: Counter() for pepper in installation_keyring().peppers.living_ids()}
    try:
        for model in apps.get_models():
            kind, names = _described(model)
            if "pepper_id" in names:
                for pepper_id, count in _living(model, names):
                    found.setdefault(pepper_id, Counter())[kind] += count
    finally:
        connections["system"].close()
    return found


def rotate_pepper() -> int:
    """A new pepper for new secrets; keys move to it at their first use. Gives its id.

    Nodes are told to forget what they know, so that keys in use are looked up again.
    """
    peppers = installation_keyring().peppers
    with transaction.atomic(using="system"):
        target = _target(peppers.current_id() + 1)
        record_unbound(OPERATOR, Action.PEPPER_ROTATED, target=target)
        announce_change(using="system")
        return peppers.rotate()


def retire_peppers() -> list[int]:
    """Destroy all peppers but the newest; which. Refuses while living secrets hang on one."""
    peppers = installation_keyring().peppers
    old = [pepper for pepper in peppers.living_ids() if pepper != peppers.current_id()]
    inventory = secrets_by_pepper()
    hanging = {pepper: inventory[pepper] for pepper in old if inventory.get(pepper)}
    if hanging:
        raise FailedPrecondition(
            f"Secrets still hang on earlier peppers: {described(hanging)}. "
            "Use, roll or revoke them first."
        )
    for pepper_id in old:
        with transaction.atomic(using="system"):
            record_unbound(OPERATOR, Action.PEPPER_RETIRED, target=_target(pepper_id))
            peppers.retire(pepper_id)
    return old


def described(inventory: Inventory) -> str:
    """In words: `pepper 1: 3 api key, 1 setup link`."""
    return "; ".join(
        f"pepper {pepper}: "
        + (", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none")
        for pepper, kinds in sorted(inventory.items())
    )


def _described(model: type[models.Model]) -> tuple[str, set[str]]:
    options = model._meta  # noqa: SLF001 - documented by Django
    return str(options.verbose_name), {field.name for field in options.fields}


def _living(model: type[models.Model], names: set[str]) -> list[tuple[int, int]]:
    living = Q(**{name: None for name in _ENDINGS if name in names})
    if "expires_at" in names:
        living &= Q(expires_at=None) | Q(expires_at__gt=clock.now())
    rows: models.QuerySet[models.Model] = models.QuerySet(model, using="system").filter(living)
    return list(rows.values_list("pepper_id").annotate(count=Count("pk")).order_by("pepper_id"))


def _target(pepper_id: int) -> Target:
    return Target("pepper", str(pepper_id), f"pepper {pepper_id}", None, "")
