"""Caps on monthly units, and what nodes read of them and of projects' names."""

import django.db.models.deletion
from django.db import migrations, models

import kit.ids
from access.row_security import grants, tenant_policies

_VIEWS = """
    CREATE VIEW dataplane_project_name WITH (security_invoker = true) AS
        SELECT id AS project_id, name AS project_name FROM projects_project;
    CREATE OR REPLACE VIEW dataplane_allowance WITH (security_invoker = true) AS
        SELECT o.id AS org_id, p.namespaces_per_index, p.storage_bytes,
               c.read_units_per_month, c.write_units_per_month
        FROM orgs_organization o
        LEFT JOIN (VALUES
            ('Starter', 100, 2147483648),
            ('Standard', 100000, NULL),
            ('Enterprise', 100000, NULL)
        ) AS p (plan, namespaces_per_index, storage_bytes) ON p.plan = o.plan
        LEFT JOIN billing_caps c ON c.organization_id = o.id;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_row_security")]

    operations = [
        migrations.CreateModel(
            name="Caps",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("read_units_per_month", models.BigIntegerField(null=True)),
                ("write_units_per_month", models.BigIntegerField(null=True)),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(tenant_policies("billing_caps"), migrations.RunSQL.noop),
        migrations.RunSQL(_VIEWS, "DROP VIEW dataplane_project_name;"),
        migrations.RunSQL(
            grants("dataplane_project_name", system="SELECT"), migrations.RunSQL.noop
        ),
    ]
