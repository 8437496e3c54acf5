"""Verifications of backups, and their last answer beside each backup."""

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
]
_UNANSWERED = models.Q(("status__in", ("Pending", "InProgress")))


class Migration(migrations.Migration):
    dependencies = [("indexes", "0018_restores_in_turns"), ("orgs", "0008_email_domains")]

    operations = [
        migrations.AddField("backup", "verified_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "backup",
            "verification",
            models.CharField(blank=True, default="", max_length=12),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="BackupVerification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(choices=_STATUSES, default="Pending", max_length=12),
                ),
                ("percent_complete", models.FloatField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("finding", models.CharField(blank=True, max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "backup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verifications",
                        to="indexes.backup",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=_UNANSWERED,
                        fields=("backup",),
                        name="indexes_verification_one_unanswered",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=_UNANSWERED,
                        fields=["id"],
                        name="indexes_verification_due",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("indexes_backupverification", system="SELECT, UPDATE"),
            migrations.RunSQL.noop,
        ),
    ]
