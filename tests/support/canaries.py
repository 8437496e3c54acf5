"""Canaries: markup that would cry where it is not escaped, in every text that anybody may store."""

import json
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
_LONG = 1000
# For browsers: what a canary calls, and what holds as long as none has.
ALARM = "window.cry = () => { window.hasCried = true; }"
SILENT = "() => !window.hasCried && !document.querySelector('img[src=x], [onerror]')"
# What tells an element that came of a canary from one of ours.
HATCHED = "//img[@src='x'] | //*[@onerror]"

# Tables of Django and allauth; what people give them stands in ours too, but for a passkey's name.
_OTHERS_APPS = {"account", "auth", "contenttypes", "mfa", "sessions"}
_ADDRESS = "a part of addresses: pages are found by it"
_MINTED = "made by Stonepine, of an alphabet of its own"
_OF_A_FORM = "a word of ours, or of a form that is checked: with anything else no page comes to be"
_PARSED = "read as networks by each request: with anything else nobody gets in"
_UNSHOWN = "Stonepine's own notes, which no page shows"
_CHECKED = "read as a certificate before it is kept"
# What has one already keeps being of its kind: a backup with this is a collection.
_WHERE_SET = {"indexes.Backup.collection_name"}
# Why there is no canary in them. A field that is neither here nor planted fails a test.
NOT_PLANTED = {
    "accounts.PendingLetter.facts": "for letters, which are plain text",
    "accounts.User.password": _MINTED,
    "audit.Event.action": _OF_A_FORM,
    "audit.Event.actor_kind": _OF_A_FORM,
    "audit.Event.source": _OF_A_FORM,
    "audit.Event.target_type": _OF_A_FORM,
    "billing.Caps.rates": _UNSHOWN,
    "indexes.Backup.metric": _OF_A_FORM,
    "indexes.Backup.schema": _UNSHOWN,
    "indexes.Backup.spec": _UNSHOWN,
    "indexes.Backup.vector_type": _OF_A_FORM,
    "indexes.BackupVerification.digest": _MINTED,
    "indexes.Deployment.engines": _UNSHOWN,
    "indexes.Deployment.former_nodes": _UNSHOWN,
    "indexes.Import.key_id": _UNSHOWN,
    "indexes.Import.on_error": _OF_A_FORM,
    "indexes.Import.status": _OF_A_FORM,
    "indexes.Index.host_suffix": _MINTED,
    "indexes.Index.name": _ADDRESS,
    "indexes.Node.name": _OF_A_FORM,
    "indexes.RestoreJob.prepared": _UNSHOWN,
    "indexes.StorageIntegration.place": _UNSHOWN,
    "indexes.StorageIntegration.provider": _OF_A_FORM,
    "metrics.Activity.errors": _UNSHOWN,
    "metrics.Activity.histogram": _UNSHOWN,
    "orgs.AccessToken.public_id": _MINTED,
    "orgs.EmailDomain.token": _MINTED,
    "orgs.Invitation.public_id": _MINTED,
    "orgs.Organization.people_networks": _PARSED,
    "orgs.Organization.public_id": _MINTED,
    "orgs.Organization.retention_days": _OF_A_FORM,
    "orgs.Organization.service_account_networks": _PARSED,
    "orgs.Organization.slug": _ADDRESS,
    "orgs.ServiceAccount.client_id": _MINTED,
    "orgs.ServiceAccountSecret.last4": _MINTED,
    "orgs.ServiceAccountSecret.public_id": _MINTED,
    "orgs.SetupLink.public_id": _MINTED,
    "projects.ApiKey.created_by_kind": _OF_A_FORM,
    "projects.ApiKey.index_ids": _MINTED,
    "projects.ApiKey.last4": _MINTED,
    "projects.ApiKey.networks": _PARSED,
    "projects.ApiKey.public_id": _MINTED,
    "projects.ApiKey.roles": _OF_A_FORM,
    "projects.DataKey.provider": _OF_A_FORM,
    "projects.EncryptionKey.kind": _OF_A_FORM,
    "projects.Project.control_plane_networks": _PARSED,
    "projects.Project.data_plane_networks": _PARSED,
    "projects.Project.slug": _ADDRESS,
    "scim.DirectoryUser.document": _UNSHOWN,
    "scim.ScimToken.last4": _MINTED,
    "scim.ScimToken.public_id": _MINTED,
    "sso.Arrival.digest": _MINTED,
    "sso.Arrival.said": _UNSHOWN,
    "sso.Arrival.saml_id": _MINTED,
    "sso.Identity.digest": _MINTED,
    "sso.IdpCertificate.fingerprint": _CHECKED,
    "sso.IdpCertificate.pem": _CHECKED,
    "sso.SamlConnection.preset": _OF_A_FORM,
    "sso.SeenMessage.digest": _MINTED,
    "sso.SignOnRequest.saml_id": _MINTED,
    "sso.SpKeyPair.certificate": _CHECKED,
    "sso.SsoSession.session_key": _MINTED,
    "usersessions.UserSession.data": _UNSHOWN,
    "usersessions.UserSession.session_key": _MINTED,
    "webhooks.Delivery.type": _OF_A_FORM,
}
# JSON and lists whose words are people's own, as the product writes them; MARK tells whose it is.
MARK = "MARK"
_OWN = CANARY + MARK
_WRITTEN = {
    "audit.Event.parameters": {_OWN: _OWN, "several": [_OWN]},
    "audit.Stream.config": {"url": _OWN},
    "indexes.Backup.tags": {_OWN: _OWN},
    "indexes.Index.schema": {_OWN: {"filterable": True}},
    "indexes.Index.spec": {"serverless": {"cloud": _OWN, "region": _OWN}},
    "indexes.Index.tags": {_OWN: _OWN},
    "projects.EncryptionKey.settings": {"address": _OWN, "key": _OWN},
    "scim.DirectoryGroup.roles": [_OWN],
    "sso.SamlConnection.group_roles": {_OWN: [_OWN]},
    "sso.TestSignOn.arrived": {"issuer": _OWN, "attributes": {_OWN: [_OWN]}},
    "webhooks.Delivery.content": {
        "project_id": None, "subject": {"type": "index", "id": _OWN, "name": _OWN},
    },
    "webhooks.Webhook.events": [_OWN],
}  # fmt: skip


@dataclass(frozen=True)
class Nest:
    """A field that holds canaries; `mark` stands in each of its own, but where the field is too
    short for one: there it is empty."""

    field: str
    mark: str


def plant(server: EmbeddedPostgres, database: str = "control_plane") -> list[Nest]:
    """In each text field of each row there is: past every check, as if one had been forgotten."""
    nests: list[Nest] = []
    with psycopg.connect(server.url("postgres", database), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        for field in text_fields():
            if name_of(field) in NOT_PLANTED:
                continue
            mark = f"nest-{len(nests)}-"
            _settle(connection, field, mark)
            nests.append(Nest(name_of(field), mark if mark in _canary(field, mark) else ""))
    return nests


def text_fields() -> list[models.Field]:
    """Whatever of our tables may hold a text of somebody's choice: no field with words of ours to
    choose from, and none whose type the database checks."""
    return [
        field
        for model in apps.get_models()
        if model._meta.app_label not in _OTHERS_APPS and model._meta.managed
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField | ArrayField)
        and not field.choices
    ]


def name_of(field: models.Field) -> str:
    return f"{field.model._meta.label}.{field.name}"


def unwritten() -> list[str]:
    """JSON and lists of which nobody has said how the product writes them."""
    return [
        name_of(field)
        for field in text_fields()
        if isinstance(field, models.JSONField | ArrayField)
        and name_of(field) not in _WRITTEN.keys() | NOT_PLANTED.keys()
    ]


def _settle(connection: psycopg.Connection, field: models.Field, mark: str) -> None:
    """Each row's is another, so that no two are the same where they may not be."""
    if isinstance(field, models.JSONField | ArrayField):
        written = json.loads(json.dumps(_WRITTEN[name_of(field)]).replace(MARK, mark))
        value = Jsonb(written) if isinstance(field, models.JSONField) else written
        _set(connection, field, sql.SQL("%s"), [value])
        return
    own = sql.SQL("left(%s || substr(md5(ctid::text), 1, 8), %s)")
    _set(connection, field, own, [_canary(field, mark), field.max_length or _LONG])


def _canary(field: models.Field, mark: str) -> str:
    """The most that fits."""
    room = field.max_length or _LONG
    return next((one for one in (CANARY + mark, _SHORT + mark) if len(one) <= room), _SHORT)


def _set(
    connection: psycopg.Connection, field: models.Field, value: sql.Composable, given: list[object]
) -> None:
    table, column = field.model._meta.db_table, field.column
    statement = sql.SQL("UPDATE {} SET {} = ").format(sql.Identifier(table), sql.Identifier(column))
    where = sql.SQL(" WHERE {0} IS NOT NULL AND {0} <> ''").format(sql.Identifier(column))
    is_kept = name_of(field) in _WHERE_SET
    connection.execute(statement + value + (where if is_kept else sql.SQL("")), given)
