"""Rotating the root key of the keyring, which everything hangs on: the operator's acts.

What is sealed under it lies in many places; callers bring them all, as `config.root_seals` does.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

from django.db import models, transaction

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_unbound
from keyring.local import LocalKeyring
from keyring.roots import Root, RootSeal, SealedValue
from kit.errors import FailedPrecondition
from orgs.tenancy import tenant

Values: TypeAlias = Callable[[], Iterable[SealedValue]]
# Of each root key, by its id: how many values of each kind it seals. The newest comes first.
Inventory: TypeAlias = dict[str, Counter[str]]


def rotate_root_key(actor: Actor, keyring: LocalKeyring, values: Values) -> int:
    """Make a new root key unless there is a former one already, and seal all values under the
    newest; how many were sealed anew. The former one still opens. Broken off, this is done again.
    """
    keyring.peppers.keep_first()
    if keyring.roots.former() is None:
        _act(actor, Action.ROOT_KEY_ROTATED, "", keyring.roots.rotate)
    return sum(value.reseal() for value in values())


def retire_root_key(actor: Actor, keyring: LocalKeyring, values: Values) -> str | None:
    """Destroy the former root key; its id, None where there was none. What lies under it still is
    sealed anew first; it is not destroyed while anything is left."""
    former = keyring.roots.former()
    if former is None:
        return None
    for value in values():
        value.reseal()
    left = root_inventory(keyring, values)[former.id]
    if not keyring.peppers.is_first_kept():
        left["first pepper"] += 1
    if left:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(left.items()))
        raise FailedPrecondition(f"The root key {former.id} still seals {told}. Rotate it first.")
    _act(actor, Action.ROOT_KEY_RETIRED, former.id, keyring.roots.retire)
    return former.id


def root_inventory(keyring: LocalKeyring, values: Values) -> Inventory:
    """What each root key seals; one that seals nothing is there with nothing. Crosses tenants."""
    found: Inventory = {root.id: Counter() for root in keyring.roots.all()}
    for value in values():
        found.setdefault(value.root_id(), Counter())[value.kind] += 1
    return found


def sealed_column(
    kind: str,
    seal: RootSeal,
    *,
    rows: "models.QuerySet[Any]",
    column: str,
    context: Callable[[Any], bytes],
) -> Iterator[SealedValue]:
    """The values in that column of a tenant's table; `rows` may cross tenants."""
    for row in rows.iterator():
        sealed = bytes(getattr(row, column))
        yield SealedValue(kind, seal, context(row), sealed, partial(_replace, row, column, sealed))


def _replace(row: Any, column: str, sealed: bytes, new: bytes) -> None:
    with tenant(row.organization_id):
        rows = type(row).objects.filter(pk=row.pk, **{column: sealed})
        rows.update(**{column: new})


def _act(actor: Actor, action: Action, root_id: str, change: Callable[[], Root | None]) -> None:
    """The event first: without it nothing changes."""
    with transaction.atomic(using="system"):
        target = Target("root_key", root_id or "root_key", root_id or "root key", None, "")
        record_unbound(actor, action, target=target)
        change()
