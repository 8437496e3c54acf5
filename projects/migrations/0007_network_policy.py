"""Where a project may be reached from; nodes read it beside each key."""

import django.contrib.postgres.fields
from django.db import migrations, models

_VIEW = """
    CREATE OR REPLACE VIEW dataplane_api_key WITH (security_invoker = true) AS
        SELECT key.public_id, key.organization_id AS org_id, key.project_id, key.digest,
               key.pepper_id, key.roles, key.expires_at,
               coalesce(key.revoked_at, key.disabled_at, organization.suspended_at) AS revoked_at,
               key.index_ids, key.sealed_namespaces, key.networks, key.id AS key_id,
               project.data_plane_networks, project.private_endpoint
        FROM projects_apikey key
        JOIN projects_project project ON project.id = key.project_id
        JOIN orgs_organization organization ON organization.id = key.organization_id;
"""
_CHOICES = [("off", "off"), ("offered", "offered"), ("required", "required")]


def _networks() -> models.Field:  # type: ignore[type-arg]
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=49), default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_encryption_keys")]

    operations = [
        migrations.AddField("project", "data_plane_networks", _networks()),
        migrations.AddField("project", "control_plane_networks", _networks()),
        migrations.AddField(
            "project",
            "private_endpoint",
            models.CharField(choices=_CHOICES, default="off", max_length=8),
        ),
        migrations.RunSQL(_VIEW, migrations.RunSQL.noop),
    ]
