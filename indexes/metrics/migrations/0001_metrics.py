"""What nodes report of requests and records, by minute, hour and day."""

from django.db import migrations, models

from access.row_security import tenant_policies

_BY_NODES = "SELECT, INSERT, UPDATE, DELETE"


class Migration(migrations.Migration):
    initial = True

    dependencies = [("billing", "0002_row_security")]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "index_id",
                        "span_s",
                        "start",
                        "operation",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("index_id", models.UUIDField()),
                ("span_s", models.IntegerField()),
                ("start", models.DateTimeField()),
                ("operation", models.CharField(max_length=40)),
                ("requests", models.BigIntegerField()),
                ("took_us", models.BigIntegerField()),
                ("histogram", models.JSONField()),
                ("errors", models.JSONField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["span_s", "start"], name="metrics_activity_by_age")
                ],
            },
        ),
        migrations.CreateModel(
            name="Level",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "index_id",
                        "span_s",
                        "start",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("index_id", models.UUIDField()),
                ("span_s", models.IntegerField()),
                ("start", models.DateTimeField()),
                ("records", models.BigIntegerField()),
                ("size_bytes", models.BigIntegerField()),
                ("measured_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["span_s", "start"], name="metrics_level_by_age")],
            },
        ),
        migrations.RunSQL(
            tenant_policies("metrics_activity", app="SELECT", system=_BY_NODES)
            + tenant_policies("metrics_level", app="SELECT", system=_BY_NODES),
            migrations.RunSQL.noop,
        ),
    ]
