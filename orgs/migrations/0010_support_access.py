"""The operator's access to an organization, for a while and at its owners' word."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    dependencies = [("orgs", "0009_networks")]

    operations = [
        migrations.AddField("organization", "support_until", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="SupportAccess",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("requested_by", models.CharField(blank=True, max_length=254)),
                ("granted_by", models.CharField(blank=True, max_length=254)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("granted_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=254)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("organization",),
                        name="orgs_supportaccess_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(tenant_policies("orgs_supportaccess", system="SELECT")),
    ]
