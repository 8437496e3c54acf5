"""The write log's lease tells which engines its holder may let read; the table is the log's."""

from django.db import migrations

# New installations have the column from `storage/schema.sql` already.
_ADD = """ALTER TABLE log_lease
    ADD COLUMN IF NOT EXISTS replicas smallint[] NOT NULL DEFAULT '{}'"""
_DROP = "ALTER TABLE log_lease DROP COLUMN IF EXISTS replicas"


class Migration(migrations.Migration):
    dependencies = [("indexes", "0010_imports")]

    operations = [migrations.RunSQL(_ADD, _DROP)]
