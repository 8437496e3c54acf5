"""Tenants' policies, rights on nodes and ports, and the view of indexes that nodes read."""

from django.db import migrations

from access.row_security import READ_WRITE, grants, tenant_policies

_VIEW = """
    CREATE VIEW dataplane_index WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.organization_id AS org_id, i.project_id, i.name, i.dimension,
               i.metric, i.vector_type, i.state, n.name AS node_name, i.generation
        FROM indexes_index i
        LEFT JOIN indexes_deployment d ON d.index_id = i.id
        LEFT JOIN indexes_node n ON n.id = d.node_id;
"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0001_indexes")]

    operations = [
        migrations.RunSQL(
            tenant_policies("indexes_index", system="SELECT, UPDATE, DELETE")
            + tenant_policies("indexes_deployment", app="SELECT", system=READ_WRITE),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            grants("indexes_node", app="SELECT", system="SELECT, INSERT, UPDATE")
            + grants("indexes_portreservation", app=READ_WRITE, system="SELECT, UPDATE, DELETE"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_VIEW, "DROP VIEW dataplane_index;"),
        migrations.RunSQL(grants("dataplane_index", system="SELECT"), migrations.RunSQL.noop),
    ]
