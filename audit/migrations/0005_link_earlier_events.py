"""Events from before there was a chain join it, in the order in which they were made."""

from django.db import migrations

_LINK = """
    DO $$
    DECLARE
        earlier uuid;
    BEGIN
        FOR earlier IN SELECT id FROM audit_event ORDER BY id LOOP
            INSERT INTO audit_turn (event_id) VALUES (earlier);
        END LOOP;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_chain_triggers")]

    operations = [migrations.RunSQL(_LINK, migrations.RunSQL.noop)]
