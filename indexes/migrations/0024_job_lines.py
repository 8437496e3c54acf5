"""What is written down of jobs while they go; verifications that were cancelled."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies

_STATUSES = [
    ("Pending", "Pending"),
    ("InProgress", "In Progress"),
    ("Passed", "Passed"),
    ("Damaged", "Damaged"),
    ("Failed", "Failed"),
    ("Cancelled", "Cancelled"),
]


class Migration(migrations.Migration):
    dependencies = [("indexes", "0023_nodes_heard"), ("orgs", "0008_email_domains")]

    operations = [
        migrations.AlterField(
            "backupverification",
            "status",
            models.CharField(choices=_STATUSES, default="Pending", max_length=12),
        ),
        migrations.CreateModel(
            name="JobLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("job_id", models.UUIDField()),
                ("text", models.CharField(max_length=300)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
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
                "indexes": [models.Index(fields=["job_id", "id"], name="indexes_jobline_of_job")]
            },
        ),
        migrations.RunSQL(
            tenant_policies("indexes_jobline", system="SELECT, INSERT, DELETE"),
            migrations.RunSQL.noop,
        ),
    ]
