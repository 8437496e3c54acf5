"""Nodes record what people do through the console under the person, not under a key."""

from django.db import migrations

# As in 0010, but who acts is the person where the event names one.
_PROCEDURE = """
    CREATE OR REPLACE PROCEDURE dataplane_record_event(given jsonb)
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        index_row indexes_index;
        key_row projects_apikey;
        organization text;
        is_person boolean := given->>'user_id' IS NOT NULL;
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
            given->>'error_code',
            CASE WHEN is_person THEN 'session' ELSE 'api_key' END,
            CASE WHEN is_person THEN (given->>'user_id')::uuid ELSE key_row.id END,
            CASE WHEN is_person THEN given->>'user_name'
                ELSE coalesce(key_row.name, 'API key ' || (given->>'key_id')) END,
            split_part(given->>'action', '.', 1),
            coalesce(given->>'import_id', given->>'namespace_id', ''), index_row.name,
            jsonb_build_object('index_id', index_row.id) || (given->'parameters'),
            given->>'request_id', (given->>'ip')::inet, given->>'user_agent',
            CASE WHEN is_person THEN 'console' ELSE 'data_plane' END)
        ON CONFLICT (id) DO NOTHING;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0015_backups")]

    operations = [migrations.RunSQL(_PROCEDURE, migrations.RunSQL.noop)]
