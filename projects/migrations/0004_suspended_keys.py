"""Index nodes see the keys of a suspended organization as revoked."""

from django.db import migrations

_VIEW = """
    CREATE OR REPLACE VIEW dataplane_api_key WITH (security_invoker = true) AS
        SELECT key.public_id, key.organization_id AS org_id, key.project_id, key.digest,
               key.pepper_id, key.roles, key.expires_at,
               coalesce(key.revoked_at, organization.suspended_at) AS revoked_at
        FROM projects_apikey key
        JOIN orgs_organization organization ON organization.id = key.organization_id;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_key_destruction_tenant"), ("orgs", "0003_suspension")]

    operations = [migrations.RunSQL(_VIEW, migrations.RunSQL.noop)]
