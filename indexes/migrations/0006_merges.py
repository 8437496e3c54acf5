"""A namespace tells whether its segments are worth merging; the table is the write log's."""

from django.db import migrations

# New installations have the column from `storage/schema.sql` already.
_ADD = """ALTER TABLE log_namespace
    ADD COLUMN IF NOT EXISTS is_merge_due boolean NOT NULL DEFAULT false"""
_DROP = "ALTER TABLE log_namespace DROP COLUMN IF EXISTS is_merge_due"


class Migration(migrations.Migration):
    dependencies = [("indexes", "0005_dataplane_events")]

    operations = [migrations.RunSQL(_ADD, _DROP)]
