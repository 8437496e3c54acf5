"""Outer keys of projects as nodes and workers read them: rows of the control plane, and nothing
else of it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from keyring.envelope import context
from keyring.layered import LayeredKeyring
from keyring.local import LocalKeyring
from keyring.outer.key import DISABLED, KeyRefused, OuterKey
from keyring.outer.kinds import Settings, open_outer_key
from keyring.roots import RootSeal
from kit.destinations import Purpose
from kit.environment import Environment
from kit.errors import DataLoss
from kit.outbound import Allowed
from storage.database import connect, translated_errors

_SEALING = "outer keys"


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    settings: dict[str, Any]
    sealed_secret: bytes = field(repr=False)
    disabled: bool


@dataclass(frozen=True, slots=True)
class StoredOuterKeys:
    """`keyring.layered.OuterKeys` over `dataplane_outer_key`; each look-up asks the database."""

    url: str = field(repr=False)
    seal: RootSeal = field(repr=False)
    allowed: Allowed = ()

    def id_of_project(self, project_id: UUID) -> UUID | None:
        query = "SELECT key_id FROM dataplane_outer_key WHERE project_id = %s"
        with connect(self.url, name="keys") as connection, translated_errors():
            return connection.cursor(row_factory=scalar_row).execute(query, [project_id]).fetchone()

    def load(self, key_id: UUID) -> OuterKey:
        query = """SELECT kind, settings, sealed_secret, disabled_at IS NOT NULL AS disabled
            FROM dataplane_outer_key WHERE key_id = %s"""
        with connect(self.url, name="keys") as connection, translated_errors():
            cursor = connection.cursor(row_factory=class_row(_Row))
            row = cursor.execute(query, [key_id]).fetchone()
        if row is None:
            raise DataLoss(f"The encryption key {key_id} is not known any more.")
        if row.disabled:
            raise KeyRefused(DISABLED)
        secret = unseal_secret(self.seal, key_id, row.sealed_secret)
        return open_outer_key(row.kind, row.settings, secret, allowed=self.allowed)


def open_keyring(settings: Environment, *, may_wait: bool = True) -> LayeredKeyring:
    """The installation's keyring, with the outer keys that its database tells of."""
    folder = settings.keyring_dir
    outer_keys = StoredOuterKeys(
        settings.database_system_url.get_secret_value(),
        secrets_seal(folder),
        settings.outbound_allowed(Purpose.KMS),
    )
    return LayeredKeyring(folder, outer_keys, cache_s=settings.data_key_cache_s, may_wait=may_wait)


def secrets_seal(folder: Path) -> RootSeal:
    """What secrets of outer keys are sealed under: never a data key, which they lead to."""
    return LocalKeyring(folder).root_seal(_SEALING)


def seal_secret(seal: RootSeal, key_id: UUID, secret: Settings) -> bytes:
    return seal.seal(json.dumps(secret).encode(), context=secret_context(key_id))


def unseal_secret(seal: RootSeal, key_id: UUID, sealed: bytes) -> Settings:
    found: Settings = json.loads(seal.unseal(sealed, context=secret_context(key_id)))
    return found


def secret_context(key_id: UUID) -> bytes:
    return context("outer key's secret", key_id)
