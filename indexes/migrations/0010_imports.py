"""Bulk imports: rows that nodes write and importers advance, and events that are about them."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, tenant_policies

# As in 0005, but the noun of the action says what the event is about.
_PROCEDURE = """
    CREATE OR REPLACE PROCEDURE dataplane_record_event(given jsonb)
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
            coalesce(key_row.name, 'API key ' || (given->>'key_id')),
            split_part(given->>'action', '.', 1),
            coalesce(given->>'import_id', given->>'namespace_id', ''), index_row.name,
            jsonb_build_object('index_id', index_row.id) || (given->'parameters'),
            given->>'request_id', (given->>'ip')::inet, given->>'user_agent', 'data_plane')
        ON CONFLICT (id) DO NOTHING;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("indexes", "0009_engines"),
        ("orgs", "0007_founders"),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key_id", models.CharField(blank=True, max_length=32)),
                ("uri", models.CharField(max_length=1500)),
                ("integration_id", models.UUIDField(null=True)),
                ("on_error", models.CharField(max_length=8)),
                ("status", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(default=kit.clock.now)),
                ("percent_complete", models.FloatField(default=0)),
                ("records_imported", models.BigIntegerField(default=0)),
                ("records_refused", models.BigIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("sealed_cursor", models.BinaryField(null=True)),
                ("sealed_error", models.BinaryField(null=True)),
                (
                    "index",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="indexes.index",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["index", "-id"], name="indexes_import_of_index"),
                    models.Index(
                        condition=models.Q(("status__in", ["Pending", "InProgress"])),
                        fields=["due_at"],
                        name="indexes_import_unfinished",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("indexes_import", app="SELECT", system=READ_WRITE),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_PROCEDURE, migrations.RunSQL.noop),
    ]
