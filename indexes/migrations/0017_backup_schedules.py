"""Schedules of backups; a backup knows for which run of one it was taken, and until when."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies

_FREQUENCIES = [("daily", "daily"), ("weekly", "weekly"), ("monthly", "monthly")]


class Migration(migrations.Migration):
    dependencies = [
        ("indexes", "0016_people_at_nodes"),
        ("orgs", "0008_email_domains"),
        ("projects", "0005_key_bounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupSchedule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=45)),
                ("frequency", models.CharField(choices=_FREQUENCIES, max_length=7)),
                ("hour", models.PositiveSmallIntegerField()),
                ("keep_days", models.PositiveIntegerField()),
                ("keep_count", models.PositiveIntegerField(default=0)),
                ("is_enabled", models.BooleanField(default=True)),
                ("first_run_at", models.DateTimeField()),
                ("next_run_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                (
                    "index",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="backup_schedules",
                        to="indexes.index",
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
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="backup_schedules",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["next_run_at"], name="indexes_backupschedule_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_enabled", True)),
                        fields=("index",),
                        name="indexes_backupschedule_one_enabled",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("indexes_backupschedule", system="SELECT, DELETE"),
            migrations.RunSQL.noop,
        ),
        migrations.AddField("backup", "schedule_id", models.UUIDField(null=True)),
        migrations.AddField("backup", "scheduled_for", models.DateTimeField(null=True)),
        migrations.AddField("backup", "expires_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "backup",
            models.UniqueConstraint(
                fields=("schedule_id", "scheduled_for"), name="indexes_backup_run_once"
            ),
        ),
        migrations.AddIndex(
            "backup",
            models.Index(
                condition=models.Q(("expires_at__isnull", False)),
                fields=["expires_at"],
                name="indexes_backup_expiring",
            ),
        ),
    ]
