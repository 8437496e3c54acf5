"""Which version of the data key each writer seals with, so that an earlier one can be destroyed."""

from django.db import migrations

# New installations have the column from `storage/schema.sql` already.
_COLUMN = "ALTER TABLE log_lease ADD COLUMN IF NOT EXISTS key_version integer NOT NULL DEFAULT 0"


class Migration(migrations.Migration):
    dependencies = [("indexes", "0021_archived_log")]

    operations = [
        migrations.RunSQL(_COLUMN, "ALTER TABLE log_lease DROP COLUMN key_version"),
    ]
