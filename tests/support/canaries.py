"""Canaries: markup that would cry where it is not escaped, in every text that anybody may store."""

from dataclasses import dataclass

import psycopg
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import sql
from psycopg.types.json import Jsonb

from cli.embedded.postgres import EmbeddedPostgres

CANARY = "\"'><img src=x onerror=cry()>"
_SHORT = "<img src=x>"
# What tells an element that came of a canary from one of ours.
HATCHED = "//img[@src='x'] | //*[@onerror]"

_OTHERS_APPS = {"account", "auth", "contenttypes", "mfa", "sessions"}
# Made by Stonepine itself.
_MINTED = {
    "certificate", "client_id", "digest", "fingerprint", "host_suffix", "key_id", "last4",
    "password", "pem", "public_id", "saml_id", "session_key", "token",
}  # fmt: skip
# Words of ours, or of a form that is checked: with anything else in them no page comes to be.
_OF_A_FORM = {
    "audit.Event.action", "audit.Event.actor_kind", "audit.Event.source",
    "audit.Event.target_type", "indexes.Backup.metric", "indexes.Backup.vector_type",
    "indexes.Import.on_error", "indexes.Import.status", "indexes.Index.name",
    "indexes.Node.name", "indexes.StorageIntegration.provider", "projects.ApiKey.created_by_kind",
    "projects.DataKey.provider", "projects.EncryptionKey.kind", "sso.SamlConnection.preset",
    "webhooks.Delivery.type",
}  # fmt: skip
# JSON whose keys and values are people's own, as the product writes it.
_JSON = {
    "audit.Event.parameters": {CANARY: CANARY, "several": [CANARY]},
    "indexes.Backup.tags": {CANARY: CANARY},
    "indexes.Index.tags": {CANARY: CANARY},
    "sso.TestSignOn.arrived": {"issuer": CANARY, "attributes": {CANARY: [CANARY]}},
}


@dataclass(frozen=True)
class Nest:
    """A field that holds canaries; `mark` stands in each of its own."""

    field: str
    mark: str


def plant(server: EmbeddedPostgres, database: str = "control_plane") -> list[Nest]:
    """In each text field of each row there is: past every check, as if one had been forgotten."""
    nests: list[Nest] = []
    with psycopg.connect(server.url("postgres", database), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        for model in apps.get_models():
            if model._meta.app_label in _OTHERS_APPS or not model._meta.managed:
                continue
            for field in _text_fields(model):
                nests.append(Nest(f"{model._meta.label}.{field.name}", f"nest-{len(nests)}-"))
                _settle(connection, field, nests[-1].mark)
            for field in model._meta.concrete_fields:
                content = _JSON.get(f"{model._meta.label}.{field.name}")
                if content is not None:
                    _set(connection, field, sql.SQL("%s"), [Jsonb(content)])
    return nests


def _text_fields(model: type[models.Model]) -> list[models.Field]:
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, models.SlugField | ArrayField)
        and not field.choices
        and field.name not in _MINTED
        and f"{model._meta.label}.{field.name}" not in _OF_A_FORM
    ]


def _settle(connection: psycopg.Connection, field: models.Field, mark: str) -> None:
    """Each row's is another, so that no two are the same where they may not be."""
    length = field.max_length or 1000
    canary = CANARY + mark if length > len(CANARY) + len(mark) else _SHORT
    own = sql.SQL("left(%s || substr(md5(ctid::text), 1, 8), %s)")
    _set(connection, field, own, [canary, length])


def _set(
    connection: psycopg.Connection, field: models.Field, value: sql.Composable, given: list[object]
) -> None:
    table, column = field.model._meta.db_table, field.column
    statement = sql.SQL("UPDATE {} SET {} = ").format(sql.Identifier(table), sql.Identifier(column))
    connection.execute(statement + value, given)
