"""Signing the heads of chains that have grown, and storing them outside the database."""

from collections import defaultdict
from dataclasses import replace
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F

from access.actor import Actor
from audit.actions import Action
from audit.canonical import GENESIS
from audit.epochs import Epochs
from audit.heads import (
    Head,
    Opening,
    append_head,
    heads_file,
    installation_signing_keys,
    parse_head,
    sign_head,
    stored_heads,
)
from audit.models import Chain, Link
from audit.record import Target, record_unbound
from keyring.signing import SigningKey
from kit.environment import environment
from kit.errors import AlreadyExists, NotFound
from storage.objects import ObjectStore, open_object_store
from storage.ownership import open_own_store

_log = structlog.get_logger(__name__)


def rotate_signing_key(actor: Actor) -> int:
    """Make a new key, which signs from now on; its id. What earlier ones signed stays good."""
    keys = installation_signing_keys()
    with transaction.atomic(using="system"):
        key_id = keys.rotate()
        target = Target("signing_key", str(key_id), f"{key_id}", None, "")
        record_unbound(actor, Action.AUDIT_KEY_ROTATED, target=target)
    return key_id


def sign_changed_heads() -> int:
    """Sign each head that is newer than its last signature; returns how many. Crosses tenants.

    May run twice at once: of one sequence only the first signature is stored.
    """
    changed = Chain.objects.using("system").filter(sequence__gt=F("signed_sequence"))
    chains = list(changed.order_by("organization_id"))
    if not chains:
        return 0
    here = environment()
    url = here.database_system_url.get_secret_value()
    store = open_own_store(here.object_store_url, url)
    key = installation_signing_keys().newest()
    return sum(_sign(chain, store, key) for chain in chains)


def open_epochs(*, copied_at: str) -> list[Head]:
    """An opening for each chain of which more was signed than this database, a copy, holds.

    None is stored yet: see `begin_epochs`.
    """
    store = open_object_store(environment().object_store_url)
    by_chain: dict[UUID, list[Head]] = defaultdict(list)
    for head in stored_heads(store):
        by_chain[head.organization_id].append(head)
    rows = {row.organization_id: row for row in Chain.objects.using("system")}
    key = installation_signing_keys().newest()
    openings = []
    for organization_id, heads in sorted(by_chain.items()):
        chain = rows.get(organization_id) or Chain(organization_id=organization_id, hash=GENESIS)
        lost = Epochs.of(heads).lost_by(heads, chain.sequence)
        if lost:
            epoch = 1 + max(chain.epoch, *(head.epoch for head in heads))
            begun = replace(chain.head(), epoch=epoch, opening=Opening(lost, copied_at))
            openings.append(sign_head(key, begun))
    return openings


def begin_epochs(openings: list[Head]) -> None:
    """Store them; from now on their chains are signed in the new epoch."""
    store = open_object_store(environment().object_store_url)
    for head in openings:
        store.put(head.path, [head.to_json()], is_new=True)
        append_head(heads_file(), head)
        rows = Chain.objects.using("system").filter(organization_id=head.organization_id)
        rows.update(epoch=head.epoch, signed_sequence=head.sequence)


def _sign(chain: Chain, store: ObjectStore, key: SigningKey) -> bool:
    """Not where the chain contradicts what was signed before: that must stay visible."""
    if not _continues(chain, store):
        _log.error("chain_contradicts_its_signed_head", organization_id=str(chain.organization_id))
        return False
    head = sign_head(key, chain.head())
    try:
        store.put(head.path, [head.to_json()], is_new=True)
    except AlreadyExists:
        head = parse_head(store.get(head.path))
    append_head(heads_file(), head)
    rows = Chain.objects.using("system").filter(organization_id=chain.organization_id)
    rows.filter(signed_sequence__lt=chain.sequence).update(signed_sequence=chain.sequence)
    return True


def _continues(chain: Chain, store: ObjectStore) -> bool:
    """Whether the head that was signed last is still a link of the chain."""
    if chain.signed_sequence == 0:
        return True
    signed = Head(chain.organization_id, chain.signed_sequence, b"", "", epoch=chain.epoch)
    try:
        last = parse_head(store.get(signed.path))
    except NotFound:
        return True  # the store was emptied: `verify` tells by the file beside it
    rows = Link.objects.using("system").filter(organization_id=chain.organization_id)
    link = rows.filter(sequence=last.sequence).first()
    return link is not None and bytes(link.hash) == last.hash
