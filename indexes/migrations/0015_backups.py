"""Backups, the jobs that restore them, and the write log's table of what they need."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, grants, tenant_policies

# New installations have the table from `storage/schema.sql` already.
_PINS = """CREATE TABLE IF NOT EXISTS log_pin (
    backup_id uuid NOT NULL,
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    manifest_version bigint NOT NULL,
    PRIMARY KEY (backup_id, namespace_id)
)"""
_STATUSES = [("Initializing", "Initializing"), ("Ready", "Ready"), ("Failed", "Failed")]
_JOB_STATUSES = [
    ("Pending", "Pending"),
    ("InProgress", "In Progress"),
    ("Completed", "Completed"),
    ("Failed", "Failed"),
    ("Cancelled", "Cancelled"),
]


def _id() -> tuple[str, "models.Field[Any, Any]"]:
    return "id", models.UUIDField(
        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
    )


def _organization() -> tuple[str, "models.Field[Any, Any]"]:
    return "organization", models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orgs.organization"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("indexes", "0014_operators_imports"),
        ("orgs", "0008_email_domains"),
        ("projects", "0005_key_bounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                _id(),
                ("name", models.CharField(blank=True, max_length=80)),
                ("description", models.CharField(blank=True, max_length=256)),
                (
                    "status",
                    models.CharField(choices=_STATUSES, default="Initializing", max_length=16),
                ),
                ("failure", models.CharField(blank=True, max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("source_index_id", models.UUIDField()),
                ("source_deleted_at", models.DateTimeField(null=True)),
                ("source_index_name", models.CharField(max_length=45)),
                ("dimension", models.PositiveIntegerField(null=True)),
                ("metric", models.CharField(max_length=16)),
                ("vector_type", models.CharField(max_length=8)),
                ("spec", models.JSONField()),
                ("schema", models.JSONField(null=True)),
                ("tags", models.JSONField(default=dict)),
                ("record_count", models.BigIntegerField(default=0)),
                ("namespace_count", models.PositiveIntegerField(default=0)),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                _organization(),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="backups",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-id"], name="indexes_backup_of_project"),
                    models.Index(
                        condition=models.Q(("status", "Initializing")),
                        fields=["id"],
                        name="indexes_backup_unfinished",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RestoreJob",
            fields=[
                _id(),
                ("backup_id", models.UUIDField()),
                ("source_index_id", models.UUIDField()),
                ("target_index_id", models.UUIDField(unique=True)),
                ("target_index_name", models.CharField(max_length=45)),
                (
                    "status",
                    models.CharField(choices=_JOB_STATUSES, default="Pending", max_length=12),
                ),
                ("percent_complete", models.FloatField(default=0)),
                ("failure", models.CharField(blank=True, max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                _organization(),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restore_jobs",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-id"], name="indexes_restorejob_of_project"),
                    models.Index(
                        condition=models.Q(("status__in", ("Pending", "InProgress"))),
                        fields=["id"],
                        name="indexes_restorejob_unfinished",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("indexes_backup", system="SELECT, UPDATE")
            + tenant_policies("indexes_restorejob", system="SELECT, UPDATE"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_PINS, "DROP TABLE log_pin"),
        migrations.RunSQL(grants("log_pin", system=READ_WRITE), migrations.RunSQL.noop),
    ]
