"""Nodes say what they are lost together with."""

from django.db import migrations, models

from access.row_security import grants

# As in 0023, and the zone. Nodes of the version before say that they live without one.
_NODES = """
    CREATE OR REPLACE VIEW dataplane_node WITH (security_invoker = true) AS
        SELECT id, name, capacity, engines, created_at, place, address, memory_bytes, heard_at,
               heard_version, lease_ends_at, overdue_since, is_draining, zone
        FROM indexes_node;
"""
_BACK = (
    "DROP VIEW dataplane_node;"
    + _NODES.replace(", zone", "")
    + grants("dataplane_node", system="SELECT, INSERT, UPDATE")
)


class Migration(migrations.Migration):
    dependencies = [("indexes", "0026_pinned_log")]

    operations = [
        migrations.AddField(
            "node",
            "zone",
            models.CharField(blank=True, db_default="", default="", max_length=63),
        ),
        migrations.RunSQL(_NODES, _BACK),
    ]
