"""All places where something lies sealed under the root key of the keyring."""

from collections.abc import Iterator
from itertools import chain

from accounts import second_factors
from audit.heads import installation_signing_keys
from audit.streams import secrets as stream_secrets
from keyring.roots import SealedValue
from orgs.root_key import root_inventory
from orgs.secrets import installation_keyring
from projects import encryption_keys
from sso import key_pairs
from webhooks import secret_store


def root_sealed_values() -> Iterator[SealedValue]:
    """Of the whole installation; crosses tenants."""
    return chain(
        installation_keyring().sealed_files(),
        installation_signing_keys().sealed_files(),
        second_factors.sealed_values(),
        stream_secrets.sealed_values(),
        encryption_keys.sealed_values(),
        key_pairs.sealed_values(),
        secret_store.sealed_values(),
    )


def root_key_inventory() -> dict[str, dict[str, int]]:
    """Of each root key, by its id: how many values of each kind it seals."""
    found = root_inventory(installation_keyring(), root_sealed_values)
    return {root_id: dict(sorted(kinds.items())) for root_id, kinds in found.items()}
