"""Backups name pieces of the archived log, which stay for as long as the backups do."""

from django.db import migrations

# New installations have the columns from `storage/schema.sql` already.
_COLUMNS = """ALTER TABLE log_pin ADD COLUMN IF NOT EXISTS log_after bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS log_upto bigint NOT NULL DEFAULT 0"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0025_parts")]

    operations = [
        migrations.RunSQL(
            _COLUMNS, "ALTER TABLE log_pin DROP COLUMN log_after, DROP COLUMN log_upto"
        ),
    ]
