"""Whether an organization's requests a second are limited, and what nodes read of it."""

from django.db import migrations, models

_VIEW = """
    CREATE OR REPLACE VIEW dataplane_allowance WITH (security_invoker = true) AS
        SELECT o.id AS org_id, p.namespaces_per_index, p.storage_bytes,
               c.read_units_per_month, c.write_units_per_month,
               coalesce(c.has_rate_limits, false) AS has_rate_limits
        FROM orgs_organization o
        LEFT JOIN (VALUES
            ('Starter', 100, 2147483648),
            ('Standard', 100000, NULL),
            ('Enterprise', 100000, NULL)
        ) AS p (plan, namespaces_per_index, storage_bytes) ON p.plan = o.plan
        LEFT JOIN billing_caps c ON c.organization_id = o.id;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_caps")]

    operations = [
        migrations.AddField(
            model_name="caps",
            name="has_rate_limits",
            field=models.BooleanField(default=False),
        ),
        migrations.RunSQL(_VIEW, migrations.RunSQL.noop),
    ]
