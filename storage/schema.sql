-- The write log. One lease per index, one row per namespace, one row per acknowledged batch.
-- Customer bytes (names, schemas, batches) are sealed; a name is found by its keyed digest.

CREATE SEQUENCE log_epoch;

CREATE TABLE log_lease (
    index_id uuid PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    -- Engines of the holder's node that it may let read the index too.
    replicas smallint[] NOT NULL DEFAULT '{}',
    -- The version of the data key that its writer seals with; 0 until it has said so.
    key_version integer NOT NULL DEFAULT 0,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE log_namespace (
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    -- Made with a key of the index, so unique in all; without index_id in its index, so that no
    -- plan takes that for the way to an index's namespaces.
    name_digest bytea NOT NULL UNIQUE,
    name_sealed bytea NOT NULL,
    schema_sealed bytea,
    manifest_version bigint NOT NULL DEFAULT 0,
    manifest_lsn bigint NOT NULL DEFAULT 0,
    -- Whether the current manifest has segments that are worth merging.
    is_merge_due boolean NOT NULL DEFAULT false,
    -- Up to which LSN the log lies in the archive; -1: not even the namespace's own row does.
    archived_lsn bigint NOT NULL DEFAULT -1,
    -- Its log begins after this LSN, and is known from this time on: another one than 0 where the
    -- namespace came out of a backup, or where the sweep has let go of what no restore reaches.
    origin_lsn bigint NOT NULL DEFAULT 0,
    origin_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (index_id, namespace_id)
);

CREATE TABLE log_batch (
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    lsn bigint NOT NULL CHECK (lsn >= 0),
    operation smallint NOT NULL,
    record_count integer NOT NULL CHECK (record_count >= 0),
    sealed bytea NOT NULL,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (index_id, namespace_id, lsn)
);

-- Sealed bytes do not compress.
ALTER TABLE log_batch ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- The manifests that backups need, with their segments, and the archived log after log_after and
-- up to log_upto; they stay when the namespace goes.
CREATE TABLE log_pin (
    backup_id uuid NOT NULL,
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    manifest_version bigint NOT NULL,
    log_after bigint NOT NULL DEFAULT 0,
    log_upto bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (backup_id, namespace_id)
);

-- Namespaces that were dropped: their batches and objects stay for restores to a second.
CREATE TABLE log_dropped (
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

-- Manifests that restores to a second may start from; they stay while the window reaches them.
CREATE TABLE log_base (
    index_id uuid NOT NULL,
    namespace_id uuid NOT NULL,
    manifest_version bigint NOT NULL,
    manifest_lsn bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (index_id, namespace_id, manifest_version)
);
