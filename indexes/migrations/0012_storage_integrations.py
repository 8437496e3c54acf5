"""Storage integrations: how imports read private buckets; nodes may read the rows."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    dependencies = [
        ("indexes", "0011_replicas"),
        ("orgs", "0008_email_domains"),
        ("projects", "0005_key_bounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="StorageIntegration",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("provider", models.CharField(max_length=8)),
                ("place", models.JSONField(default=dict)),
                ("sealed_credentials", models.BinaryField()),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="storage_integrations",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "name"), name="indexes_storageintegration_name_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(tenant_policies("indexes_storageintegration"), migrations.RunSQL.noop),
    ]
