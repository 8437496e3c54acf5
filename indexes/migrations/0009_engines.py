"""A node has several engines, and a deployment says which of them serve the index."""

import django.contrib.postgres.fields
from django.db import migrations, models

import indexes.models

_VIEW = """
    CREATE OR REPLACE VIEW dataplane_index WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.organization_id AS org_id, i.project_id, i.name, i.dimension,
               i.metric, i.vector_type, i.state, n.name AS node_name, i.generation,
               i.spec ? 'pod' AS is_pod, coalesce(d.engines, '{0}') AS engines
        FROM indexes_index i
        LEFT JOIN indexes_deployment d ON d.index_id = i.id
        LEFT JOIN indexes_node n ON n.id = d.node_id;
"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0008_deployments_protect_organizations")]

    operations = [
        migrations.AddField("node", "engines", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(
            "deployment",
            "engines",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                default=indexes.models.first_engine,
                size=None,
            ),
        ),
        migrations.RunSQL(_VIEW, migrations.RunSQL.noop),
    ]
