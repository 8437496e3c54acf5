"""Gateways and webs on machines of their own, and what gateways read to lead to indexes."""

from django.db import migrations, models

from access.row_security import grants
from kit import clock
from kit.ids import new_id

_VIEWS = """
    CREATE VIEW dataplane_part WITH (security_invoker = true) AS
        SELECT id, kind, name, address, heard_at, heard_version, lease_ends_at FROM indexes_part;
    CREATE VIEW dataplane_route WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.port, n.name AS node_name
        FROM indexes_index i
        LEFT JOIN indexes_deployment d ON d.index_id = i.id
        LEFT JOIN indexes_node n ON n.id = d.node_id
        WHERE i.state <> 'Terminating';
"""
_BACK = "DROP VIEW dataplane_route; DROP VIEW dataplane_part;"


class Migration(migrations.Migration):
    dependencies = [("indexes", "0024_job_lines")]

    operations = [
        migrations.CreateModel(
            name="Part",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=63)),
                ("address", models.CharField(blank=True, max_length=255)),
                ("heard_at", models.DateTimeField(default=clock.now)),
                ("heard_version", models.BigIntegerField(default=0)),
                ("lease_ends_at", models.DateTimeField(default=clock.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name"), name="indexes_part_once")
                ],
            },
        ),
        migrations.RunSQL(
            grants("indexes_part", app="SELECT", system="SELECT, INSERT, UPDATE, DELETE"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_VIEWS, _BACK),
        migrations.RunSQL(
            grants("dataplane_part", system="SELECT, INSERT, UPDATE")
            + grants("dataplane_route", system="SELECT"),
            migrations.RunSQL.noop,
        ),
    ]
