"""Customer-managed keys, and what index nodes read of them."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import grants, tenant_policies

# What the system role may change: how the provider answered, and nothing of the key itself.
_NOTED = "SELECT, UPDATE (checked_at, succeeded_at, latency_ms, failure)"
_VIEW = """
    CREATE VIEW dataplane_outer_key WITH (security_invoker = true) AS
        SELECT id AS key_id, project_id, kind, settings, sealed_secret, disabled_at
        FROM projects_encryptionkey;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_key_bounds")]

    operations = [
        migrations.CreateModel(
            name="EncryptionKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("settings", models.JSONField()),
                ("sealed_secret", models.BinaryField()),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("latency_ms", models.PositiveIntegerField(null=True)),
                ("failure", models.CharField(blank=True, default="", max_length=300)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="encryption_key",
                        to="projects.project",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            tenant_policies("projects_encryptionkey", system=_NOTED), migrations.RunSQL.noop
        ),
        migrations.RunSQL(_VIEW, "DROP VIEW dataplane_outer_key"),
        migrations.RunSQL(grants("dataplane_outer_key", system="SELECT"), migrations.RunSQL.noop),
    ]
