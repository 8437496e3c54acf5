"""The archived log: how far it goes, what restores to a second need, and the jobs that do them."""

from django.db import migrations, models

from access.row_security import READ_WRITE, grants

# New installations have columns and tables from `storage/schema.sql` already. Of namespaces that
# are older the log is known from now on.
_COLUMNS = """
ALTER TABLE log_namespace ADD COLUMN IF NOT EXISTS archived_lsn bigint NOT NULL DEFAULT -1;
ALTER TABLE log_namespace ADD COLUMN IF NOT EXISTS origin_lsn bigint NOT NULL DEFAULT 0;
ALTER TABLE log_namespace
    ADD COLUMN IF NOT EXISTS origin_at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE log_namespace SET origin_lsn = manifest_lsn, origin_at = clock_timestamp();
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS log_dropped (
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    name_sealed bytea NOT NULL,
    schema_sealed bytea,
    created_at timestamptz NOT NULL,
    origin_lsn bigint NOT NULL,
    origin_at timestamptz NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_lsn bigint NOT NULL,
    archived_lsn bigint NOT NULL,
    is_archived boolean NOT NULL DEFAULT false,
    PRIMARY KEY (index_id, namespace_id)
);
CREATE TABLE IF NOT EXISTS log_base (
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    manifest_version bigint NOT NULL,
    manifest_lsn bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (index_id, namespace_id, manifest_version)
);
"""
_DROP = """DROP TABLE log_base; DROP TABLE log_dropped; ALTER TABLE log_namespace
    DROP COLUMN archived_lsn, DROP COLUMN origin_lsn, DROP COLUMN origin_at"""


class Migration(migrations.Migration):
    dependencies = [("indexes", "0020_collections")]

    operations = [
        migrations.RunSQL(_COLUMNS + _TABLES, _DROP),
        migrations.RunSQL(
            grants("log_dropped", system=READ_WRITE) + grants("log_base", system=READ_WRITE),
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("restorejob", "backup_id", models.UUIDField(null=True)),
        migrations.AddField("restorejob", "restored_to", models.DateTimeField(null=True)),
    ]
