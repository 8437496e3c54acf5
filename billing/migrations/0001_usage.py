"""Metered use, its reporters and the billing contact."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0002_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageReporter",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("last_report", models.BigIntegerField()),
                ("reported_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="BillingContact",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("email", models.CharField(max_length=254)),
                ("company", models.CharField(blank=True, max_length=200)),
                ("address", models.CharField(blank=True, max_length=1000)),
                ("tax_id", models.CharField(blank=True, max_length=64)),
                ("purchase_order", models.CharField(blank=True, max_length=64)),
                ("updated_at", models.DateTimeField(default=kit.clock.now)),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "project_id",
                        "index_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("project_id", models.UUIDField()),
                ("index_id", models.UUIDField()),
                ("day", models.DateField()),
                ("project_name", models.CharField(max_length=512)),
                ("index_name", models.CharField(max_length=45)),
                ("read_units", models.BigIntegerField(db_default=0)),
                ("write_units", models.BigIntegerField(db_default=0)),
                ("upserts", models.BigIntegerField(db_default=0)),
                ("queries", models.BigIntegerField(db_default=0)),
                ("fetches", models.BigIntegerField(db_default=0)),
                ("lists", models.BigIntegerField(db_default=0)),
                ("updates", models.BigIntegerField(db_default=0)),
                ("deletes", models.BigIntegerField(db_default=0)),
                ("others", models.BigIntegerField(db_default=0)),
                ("storage_bytes", models.BigIntegerField(null=True)),
                ("last_bytes", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organization_id", "day"], name="billing_usage_by_day")
                ],
            },
        ),
    ]
