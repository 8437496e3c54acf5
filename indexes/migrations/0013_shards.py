"""Index nodes see how many engines are to answer a query of an index together."""

from django.db import migrations

_VIEW = """
    CREATE OR REPLACE VIEW dataplane_index WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.organization_id AS org_id, i.project_id, i.name, i.dimension,
               i.metric, i.vector_type, i.state, n.name AS node_name, i.generation,
               i.spec ? 'pod' AS is_pod, coalesce(d.engines, '{0}') AS engines,
               coalesce(
                   i.spec #>> '{pod,shards}',
                   i.spec #>> '{serverless,read_capacity,dedicated,manual,shards}',
                   i.spec #>> '{byoc,read_capacity,dedicated,manual,shards}', '1'
               )::int AS shards
        FROM indexes_index i
        LEFT JOIN indexes_deployment d ON d.index_id = i.id
        LEFT JOIN indexes_node n ON n.id = d.node_id;
"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0012_storage_integrations")]

    operations = [migrations.RunSQL(_VIEW, migrations.RunSQL.noop)]
