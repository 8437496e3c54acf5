"""What of an organization is limited a second, by name; nodes read it instead of one switch."""

from django.db import migrations, models

from access.row_security import grants

_FILL = """
    UPDATE billing_caps SET rates = '{
        "queries": 100, "upserts": 100, "updates": 100, "deletes": 100, "fetches-by-metadata": 5,
        "updates-by-metadata": 5, "deletes-by-metadata": 5, "upserted-bytes": 50000000,
        "deleted-records": 5000, "fetches": 100, "lists": 200, "statistics": 100,
        "query-read-units": 2000
    }' WHERE has_rate_limits;
"""
_VIEW = """
    DROP VIEW dataplane_allowance;
    CREATE VIEW dataplane_allowance WITH (security_invoker = true) AS
        SELECT o.id AS org_id, p.namespaces_per_index, p.storage_bytes,
               c.read_units_per_month, c.write_units_per_month,
               coalesce(c.rates, '{}'::jsonb) AS rates
        FROM orgs_organization o
        LEFT JOIN (VALUES
            ('Starter', 100, 2147483648),
            ('Standard', 100000, NULL),
            ('Enterprise', 100000, NULL)
        ) AS p (plan, namespaces_per_index, storage_bytes) ON p.plan = o.plan
        LEFT JOIN billing_caps c ON c.organization_id = o.id;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_rate_limits")]

    operations = [
        migrations.AddField(model_name="caps", name="rates", field=models.JSONField(default=dict)),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_VIEW, migrations.RunSQL.noop),
        migrations.RunSQL(grants("dataplane_allowance", system="SELECT"), migrations.RunSQL.noop),
        migrations.RemoveField(model_name="caps", name="has_rate_limits"),
    ]
