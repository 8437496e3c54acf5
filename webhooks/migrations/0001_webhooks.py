"""Webhooks, their deliveries and tries, and the triggers that write what is to be told."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, grants, tenant_policies

_TRIGGERS = (Path(__file__).resolve().parents[1] / "occurrences.sql").read_text()
# The triggers run as the tables' owner, who is under the policies like everybody else.
_KEEPER = """
    CREATE POLICY keeper ON webhooks_webhook FOR SELECT TO CURRENT_USER USING (true);
    CREATE POLICY keeper ON webhooks_delivery FOR INSERT TO CURRENT_USER WITH CHECK (true);
    CREATE POLICY webhooks_keeper ON indexes_index FOR SELECT TO CURRENT_USER USING (true);
    CREATE POLICY webhooks_keeper ON indexes_backup FOR SELECT TO CURRENT_USER USING (true);
    REVOKE ALL ON FUNCTION webhooks_announce(uuid, uuid, text, jsonb) FROM PUBLIC;
"""
_ANNOUNCING = "FUNCTION webhooks_announce(uuid, uuid, text, jsonb)"
_BACK = """
    DROP TRIGGER webhooks_hear ON audit_event;
    DROP TRIGGER webhooks_hear ON indexes_index;
    DROP TRIGGER webhooks_hear ON indexes_backup;
    DROP TRIGGER webhooks_hear_new ON indexes_backup;
    DROP TRIGGER webhooks_hear ON indexes_backupverification;
    DROP TRIGGER webhooks_hear ON indexes_restorejob;
    DROP TRIGGER webhooks_hear ON indexes_import;
    DROP FUNCTION webhooks_hear_act, webhooks_hear_index, webhooks_hear_backup,
        webhooks_hear_verification, webhooks_hear_restore, webhooks_hear_import,
        webhooks_announce, webhooks_new_id;
    DROP POLICY webhooks_keeper ON indexes_index;
    DROP POLICY webhooks_keeper ON indexes_backup;
"""
_POLICIES = "".join(
    tenant_policies(f"webhooks_{table}", system=READ_WRITE)
    for table in ("webhook", "delivery", "attempt")
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0008_email_domains"),
        ("projects", "0005_key_bounds"),
        ("audit", "0008_streams_end_with_their_organization"),
        ("indexes", "0021_archived_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=2000)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), size=None
                    ),
                ),
                ("sealed_secret", models.BinaryField()),
                ("sealed_previous_secret", models.BinaryField(null=True)),
                ("previous_secret_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=kit.clock.now)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("disabled_because", models.CharField(blank=True, max_length=300)),
                ("failing_since", models.DateTimeField(null=True)),
                ("last_delivered_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="orgs.organization",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="projects.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("message_id", models.UUIDField(default=kit.ids.new_id)),
                ("type", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField(default=kit.clock.now)),
                ("content", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=kit.clock.now)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="webhooks.webhook",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("started_at", models.DateTimeField(default=kit.clock.now)),
                ("duration_ms", models.PositiveIntegerField()),
                ("response_status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="webhooks.delivery",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["delivery", "-id"], name="webhooks_attempt_newest")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(fields=["organization", "-id"], name="webhooks_of_organization"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["webhook", "-id"], name="webhooks_delivery_newest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["next_attempt_at"],
                name="webhooks_delivery_due",
            ),
        ),
        migrations.RunSQL(_POLICIES, migrations.RunSQL.noop),
        migrations.RunSQL(_TRIGGERS + _KEEPER + grants(_ANNOUNCING, system="EXECUTE"), _BACK),
    ]
