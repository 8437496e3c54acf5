"""The database itself gives each event its place: no role may write a link or move a head."""

from pathlib import Path

from django.db import migrations

from access.row_security import grants, tenant_policies

_TRIGGERS = (Path(__file__).resolve().parents[1] / "chain.sql").read_text()
# The triggers run as the tables' owner, who is under the policies like everybody else.
_KEEPER = """
    CREATE POLICY keeper ON audit_event FOR SELECT TO CURRENT_USER USING (true);
    CREATE POLICY keeper ON audit_link TO CURRENT_USER USING (true) WITH CHECK (true);
    CREATE POLICY keeper ON audit_chain TO CURRENT_USER USING (true) WITH CHECK (true);
"""
_BACK = """
    DROP TRIGGER takes_turn ON audit_event;
    DROP TABLE audit_turn;
    DROP TRIGGER append_only ON audit_link;
    DROP FUNCTION audit_event_takes_turn();
    DROP FUNCTION audit_event_joins_chain();
    DROP FUNCTION audit_hash(audit_event, bigint, bytea);
    DROP FUNCTION audit_canonical(jsonb);
    DROP POLICY keeper ON audit_event;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_chain_tables")]

    operations = [
        migrations.RunSQL(
            tenant_policies("audit_link", app="SELECT", system="SELECT")
            + tenant_policies("audit_chain", app="SELECT", system="SELECT")
            + grants("audit_chain", system="UPDATE (signed_sequence)")
            + _KEEPER,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_TRIGGERS, _BACK),
    ]
