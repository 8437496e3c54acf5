"""Ports count against who holds them; tenants take ports for themselves and free none in use."""

from django.db import migrations, models

from access.row_security import TENANT_SETTING, database_roles

# Ports given out before count against nobody: their owners cannot be read by the migrating role.
_NOBODY = "00000000-0000-0000-0000-000000000000"


def _policies() -> str:
    roles = database_roles()
    own = f"held_by = nullif(current_setting('{TENANT_SETTING}', true), '')::uuid"
    # Every tenant sees every port: it must know which ones are taken.
    return f"""
        ALTER TABLE indexes_portreservation ENABLE ROW LEVEL SECURITY;
        ALTER TABLE indexes_portreservation FORCE ROW LEVEL SECURITY;
        REVOKE UPDATE ON indexes_portreservation FROM "{roles.application}";
        CREATE POLICY taken ON indexes_portreservation FOR SELECT TO "{roles.application}"
            USING (true);
        CREATE POLICY reserve ON indexes_portreservation FOR INSERT TO "{roles.application}"
            WITH CHECK ({own});
        CREATE POLICY rested ON indexes_portreservation FOR DELETE TO "{roles.application}"
            USING (released_at < now() - interval '10 seconds');
        CREATE POLICY crosses_tenants ON indexes_portreservation TO "{roles.system}"
            USING (true) WITH CHECK (true);
    """


class Migration(migrations.Migration):
    dependencies = [("indexes", "0003_write_log")]

    operations = [
        migrations.AddField(
            model_name="portreservation",
            name="held_by",
            field=models.UUIDField(default=_NOBODY),
            preserve_default=False,
        ),
        migrations.RunSQL(_policies(), migrations.RunSQL.noop),
    ]
