"""Tenants' policies, and what nodes read to meter: where an index belongs, what a plan allows."""

from django.db import migrations

from access.row_security import grants, tenant_policies

# The views run with the rights of who asks: only the system role is granted them. The numbers are
# those of orgs.plans.LIMITS; a test holds the two together.
_VIEWS = """
    CREATE VIEW dataplane_metered WITH (security_invoker = true) AS
        SELECT i.id AS index_id, i.organization_id AS org_id, i.project_id, i.name AS index_name,
               p.name AS project_name
        FROM indexes_index i JOIN projects_project p ON p.id = i.project_id
        WHERE i.state <> 'Terminating';
    CREATE VIEW dataplane_allowance WITH (security_invoker = true) AS
        SELECT o.id AS org_id, p.namespaces_per_index, p.storage_bytes,
               NULL::bigint AS read_units_per_month, NULL::bigint AS write_units_per_month
        FROM orgs_organization o
        LEFT JOIN (VALUES
            ('Starter', 100, 2147483648),
            ('Standard', 100000, NULL),
            ('Enterprise', 100000, NULL)
        ) AS p (plan, namespaces_per_index, storage_bytes) ON p.plan = o.plan;
"""
_DROP = "DROP VIEW dataplane_metered; DROP VIEW dataplane_allowance;"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_usage"),
        ("indexes", "0002_row_security"),
        ("projects", "0002_row_security"),
    ]

    operations = [
        migrations.RunSQL(
            tenant_policies("billing_usage", app="SELECT", system="SELECT, INSERT, UPDATE")
            + tenant_policies("billing_billingcontact"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            grants("billing_usagereporter", system="SELECT, INSERT, UPDATE, DELETE"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_VIEWS, _DROP),
        migrations.RunSQL(
            grants("dataplane_metered", system="SELECT")
            + grants("dataplane_allowance", system="SELECT"),
            migrations.RunSQL.noop,
        ),
    ]
