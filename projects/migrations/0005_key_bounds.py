"""Keys confined to indexes, namespaces and networks, disabled, replaced; where a use came from."""

import django.contrib.postgres.fields
from django.db import migrations, models

from access.row_security import database_roles, grants

_VIEWS = """
    CREATE OR REPLACE VIEW dataplane_api_key WITH (security_invoker = true) AS
        SELECT key.public_id, key.organization_id AS org_id, key.project_id, key.digest,
               key.pepper_id, key.roles, key.expires_at,
               coalesce(key.revoked_at, key.disabled_at, organization.suspended_at) AS revoked_at,
               key.index_ids, key.sealed_namespaces, key.networks, key.id AS key_id
        FROM projects_apikey key
        JOIN orgs_organization organization ON organization.id = key.organization_id;
    CREATE VIEW dataplane_key_use WITH (security_invoker = true) AS
        SELECT public_id, last_used_at, last_used_from, digest, pepper_id FROM projects_apikey;
"""
_USED = "last_used_at, last_used_from, digest, pepper_id"


def _rights() -> str:
    system = database_roles().system.replace('"', '""')
    return f'GRANT UPDATE ({_USED}) ON projects_apikey TO "{system}";' + grants(
        "dataplane_key_use", system=f"SELECT, UPDATE ({_USED})"
    )


def _names(field: models.Field) -> models.Field:  # type: ignore[type-arg]
    return django.contrib.postgres.fields.ArrayField(base_field=field, default=list, size=None)


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_suspended_keys")]

    operations = [
        migrations.AddField("apikey", "disabled_at", models.DateTimeField(null=True)),
        migrations.AddField("apikey", "last_used_from", models.GenericIPAddressField(null=True)),
        migrations.AddField("apikey", "replaced_by_id", models.UUIDField(null=True)),
        migrations.AddField("apikey", "index_ids", _names(models.UUIDField())),
        migrations.AddField("apikey", "sealed_namespaces", models.BinaryField(null=True)),
        migrations.AddField("apikey", "networks", _names(models.CharField(max_length=49))),
        migrations.RunSQL(_VIEWS, "DROP VIEW dataplane_key_use;"),
        migrations.RunSQL(_rights(), migrations.RunSQL.noop),
    ]
