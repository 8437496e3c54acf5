"""The procedure through which nodes write audit events; it fills in the names of today."""

from django.db import migrations

from access.row_security import database_roles

_PROCEDURE = """
    CREATE PROCEDURE dataplane_record_event(given jsonb)
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        index_row indexes_index;
        key_row projects_apikey;
        organization text;
    BEGIN
        SELECT * INTO STRICT index_row FROM indexes_index WHERE id = (given->>'index_id')::uuid;
        SELECT name INTO STRICT organization FROM orgs_organization
            WHERE id = index_row.organization_id;
        SELECT * INTO key_row FROM projects_apikey WHERE public_id = given->>'key_id';
        INSERT INTO audit_event (
            id, created_at, organization_id, organization_name, project_id, action, outcome,
            reason, error_code, actor_kind, actor_id, actor_name, target_type, target_id,
            target_name, parameters, request_id, ip, user_agent, source)
        VALUES (
            (given->>'id')::uuid, clock_timestamp(), index_row.organization_id, organization,
            index_row.project_id, given->>'action', given->>'outcome', given->>'reason',
            given->>'error_code', 'api_key', key_row.id,
            coalesce(key_row.name, 'API key ' || (given->>'key_id')), 'namespace',
            coalesce(given->>'namespace_id', ''), index_row.name,
            jsonb_build_object('index_id', index_row.id) || (given->'parameters'),
            given->>'request_id', (given->>'ip')::inet, given->>'user_agent', 'data_plane')
        ON CONFLICT (id) DO NOTHING;
    END $$;
    REVOKE ALL ON PROCEDURE dataplane_record_event(jsonb) FROM PUBLIC;
"""


def _grant() -> str:
    role = '"' + database_roles().system.replace('"', '""') + '"'
    return f"GRANT EXECUTE ON PROCEDURE dataplane_record_event(jsonb) TO {role};"


class Migration(migrations.Migration):
    dependencies = [
        ("indexes", "0004_port_shares"),
        ("audit", "0004_chain_triggers"),
        ("projects", "0001_projects"),
        ("orgs", "0001_organizations"),
    ]

    operations = [
        migrations.RunSQL(_PROCEDURE, "DROP PROCEDURE dataplane_record_event(jsonb);"),
        migrations.RunSQL(_grant(), migrations.RunSQL.noop),
    ]
