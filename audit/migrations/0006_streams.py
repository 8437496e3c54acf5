"""Streams of events to receivers of an organization's own, and the ledger of their batches."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, tenant_policies


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_link_earlier_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="Stream",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[("http", "Http"), ("syslog", "Syslog"), ("s3", "S3")], max_length=8
                    ),
                ),
                ("config", models.JSONField(default=dict)),
                ("sealed_secret", models.BinaryField(null=True)),
                ("is_paused", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("starts_after", models.BigIntegerField()),
                ("cursor", models.BigIntegerField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("last_delivered_at", models.DateTimeField(null=True)),
                ("next_attempt_at", models.DateTimeField(default=kit.clock.now)),
                ("claim", models.UUIDField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization_id", "name"), name="audit_stream_name_once"
                    )
                ],
            },
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
                ("organization_id", models.UUIDField()),
                ("first_sequence", models.BigIntegerField()),
                ("last_sequence", models.BigIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "stream",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="audit.stream",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "pending")),
                        fields=("stream",),
                        name="audit_delivery_one_pending",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("audit_stream", system="SELECT, UPDATE")
            + tenant_policies("audit_delivery", app="SELECT, DELETE", system=READ_WRITE),
            migrations.RunSQL.noop,
        ),
    ]
