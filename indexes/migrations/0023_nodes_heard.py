"""Nodes say that they live and what they have heard; an index moves once its former node let go."""

import django.contrib.postgres.fields
from django.db import migrations, models

from access.row_security import grants

# As in 0013, and: where the node is reached, and whether every node before has let go. Whoever has
# heard of the move serves the index no more, nor does anybody whose lease is over.
_INDEXES = """
    CREATE OR REPLACE VIEW dataplane_index WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.organization_id AS org_id, i.project_id, i.name, i.dimension,
               i.metric, i.vector_type, i.state, n.name AS node_name, i.generation,
               i.spec ? 'pod' AS is_pod, coalesce(d.engines, '{0}') AS engines,
               coalesce(
                   i.spec #>> '{pod,shards}',
                   i.spec #>> '{serverless,read_capacity,dedicated,manual,shards}',
                   i.spec #>> '{byoc,read_capacity,dedicated,manual,shards}', '1'
               )::int AS shards,
               NOT EXISTS (
                   SELECT FROM indexes_node f
                   WHERE f.id = ANY (d.former_nodes) AND f.id <> d.node_id
                     AND f.heard_version < d.moved_version AND f.lease_ends_at >= now()
               ) AS is_released
        FROM indexes_index i
        LEFT JOIN indexes_deployment d ON d.index_id = i.id
        LEFT JOIN indexes_node n ON n.id = d.node_id;
"""
_NODES = """
    CREATE VIEW dataplane_node WITH (security_invoker = true) AS
        SELECT id, name, capacity, engines, created_at, place, address, memory_bytes, heard_at,
               heard_version, lease_ends_at, overdue_since, is_draining
        FROM indexes_node;
"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0022_lease_key_version")]

    operations = [
        migrations.AddField(
            "node", "place", models.CharField(blank=True, max_length=512, default="")
        ),
        migrations.AddField(
            "node", "address", models.CharField(blank=True, max_length=255, default="")
        ),
        migrations.AddField("node", "memory_bytes", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("node", "heard_at", models.DateTimeField(null=True)),
        migrations.AddField("node", "heard_version", models.BigIntegerField(default=0)),
        migrations.AddField("node", "lease_ends_at", models.DateTimeField(null=True)),
        migrations.AddField("node", "overdue_since", models.DateTimeField(null=True)),
        migrations.AddField("node", "is_draining", models.BooleanField(default=False)),
        migrations.AddField(
            "deployment",
            "former_nodes",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), default=list, size=None
            ),
        ),
        migrations.AddField("deployment", "moved_version", models.BigIntegerField(default=0)),
        migrations.RunSQL(_INDEXES, migrations.RunSQL.noop),
        migrations.RunSQL(_NODES, "DROP VIEW dataplane_node;"),
        migrations.RunSQL(
            grants("indexes_node", system="DELETE")
            + grants("dataplane_node", system="SELECT, INSERT, UPDATE"),
            migrations.RunSQL.noop,
        ),
    ]
