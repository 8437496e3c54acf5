"""Tenants' policies, and what index nodes read of projects: two views and the version of it all."""

from django.db import migrations

from access.row_security import grants, tenant_policies

# The views run with the rights of who asks: only the system role is granted them, and its policies
# let it see all rows.
_VIEWS = """
    CREATE TABLE dataplane_version (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        version bigint NOT NULL
    );
    INSERT INTO dataplane_version (version) VALUES (1);
    CREATE VIEW dataplane_api_key WITH (security_invoker = true) AS
        SELECT public_id, organization_id AS org_id, project_id, digest, pepper_id, roles,
               expires_at, revoked_at
        FROM projects_apikey;
    CREATE VIEW dataplane_project_key WITH (security_invoker = true) AS
        SELECT project_id, version, wrapped, provider FROM projects_datakey;
"""
_DROP = """
    DROP VIEW dataplane_api_key; DROP VIEW dataplane_project_key; DROP TABLE dataplane_version;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_projects")]

    operations = [
        migrations.RunSQL(
            tenant_policies("projects_project") + tenant_policies("projects_datakey"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            tenant_policies("projects_apikey", system="SELECT, UPDATE (last_used_at)"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            grants("projects_keydestruction", app="SELECT, INSERT", system="SELECT, DELETE"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_VIEWS, _DROP),
        migrations.RunSQL(
            grants("dataplane_version", app="SELECT, UPDATE", system="SELECT, UPDATE")
            + grants("dataplane_api_key", system="SELECT")
            + grants("dataplane_project_key", system="SELECT"),
            migrations.RunSQL.noop,
        ),
    ]
