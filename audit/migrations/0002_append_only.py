"""Events are written once: no role is granted more, and a trigger refuses it to the owner too."""

from django.db import migrations

from access.row_security import tenant_policies

_TRIGGER = """
    CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_events")]

    operations = [
        migrations.RunSQL(
            tenant_policies("audit_event", app="SELECT, INSERT", system="SELECT, INSERT"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            _TRIGGER,
            "DROP TRIGGER append_only ON audit_event; DROP FUNCTION audit_event_is_append_only();",
        ),
    ]
