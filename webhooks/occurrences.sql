-- What has happened becomes deliveries in the transaction in which it happens: whoever changes the
-- rows, an act of a person, a worker or an importer, and without any of them knowing of webhooks.
-- The functions run as the owner of the tables: nobody who may change rows can choose who hears.

-- As kit.ids.new_id: version 7, so that ids sort by time.
CREATE FUNCTION webhooks_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

CREATE FUNCTION webhooks_announce(organization uuid, project uuid, kind text, told jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    message uuid := webhooks_new_id();
    now_at timestamptz := clock_timestamp();
BEGIN
    INSERT INTO webhooks_delivery (id, organization_id, webhook_id, message_id, type, occurred_at,
        content, status, attempts, next_attempt_at, created_at)
    SELECT webhooks_new_id(), organization_id, id, message, kind, now_at,
        jsonb_build_object('project_id', project) || told, 'pending', 0, now_at, now_at
    FROM webhooks_webhook
    WHERE organization_id = organization AND (project_id IS NULL OR project_id = project)
        AND disabled_at IS NULL AND kind = ANY (events);
END $$;

CREATE FUNCTION webhooks_hear_act() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM webhooks_announce(NEW.organization_id, NEW.project_id, NEW.action, jsonb_build_object(
        'subject', jsonb_build_object(
            'type', NEW.target_type, 'id', NEW.target_id, 'name', NEW.target_name),
        'actor', jsonb_build_object(
            'type', NEW.actor_kind, 'id', NEW.actor_id, 'name', NEW.actor_name),
        'audit_event_id', NEW.id));
    RETURN NULL;
END $$;

CREATE FUNCTION webhooks_hear_index() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM webhooks_announce(NEW.organization_id, NEW.project_id,
        CASE NEW.state WHEN 'Ready' THEN 'index.ready' ELSE 'index.failed' END,
        jsonb_build_object('subject', jsonb_build_object(
            'type', 'index', 'id', NEW.id, 'name', NEW.name), 'failure', NEW.failure));
    RETURN NULL;
END $$;

CREATE FUNCTION webhooks_hear_backup() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM webhooks_announce(NEW.organization_id, NEW.project_id,
        CASE NEW.status WHEN 'Ready' THEN 'backup.ready' ELSE 'backup.failed' END,
        jsonb_build_object('subject', jsonb_build_object(
            'type', CASE NEW.collection_name WHEN '' THEN 'backup' ELSE 'collection' END,
            'id', NEW.id, 'name', coalesce(nullif(NEW.collection_name, ''), NEW.name)),
            'index', jsonb_build_object(
                'id', NEW.source_index_id, 'name', NEW.source_index_name),
            'is_scheduled', NEW.schedule_id IS NOT NULL, 'failure', NEW.failure));
    RETURN NULL;
END $$;

CREATE FUNCTION webhooks_hear_verification() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    backup indexes_backup;
BEGIN
    SELECT * INTO backup FROM indexes_backup WHERE id = NEW.backup_id;
    PERFORM webhooks_announce(NEW.organization_id, backup.project_id,
        CASE NEW.status WHEN 'Passed' THEN 'backup.verified' ELSE 'backup.damaged' END,
        jsonb_build_object('subject', jsonb_build_object(
            'type', 'backup', 'id', backup.id, 'name', backup.name),
            'index', jsonb_build_object(
                'id', backup.source_index_id, 'name', backup.source_index_name)));
    RETURN NULL;
END $$;

CREATE FUNCTION webhooks_hear_restore() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM webhooks_announce(NEW.organization_id, NEW.project_id,
        CASE NEW.status WHEN 'Completed' THEN 'restore.completed' ELSE 'restore.failed' END,
        jsonb_build_object('subject', jsonb_build_object(
            'type', 'restore_job', 'id', NEW.id, 'name', NEW.target_index_name),
            'index', jsonb_build_object('id', NEW.target_index_id, 'name', NEW.target_index_name),
            'backup_id', NEW.backup_id, 'failure', NEW.failure));
    RETURN NULL;
END $$;

-- The error of an import may quote records, and is sealed: it is not told.
CREATE FUNCTION webhooks_hear_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_index indexes_index;
BEGIN
    SELECT * INTO of_index FROM indexes_index WHERE id = NEW.index_id;
    PERFORM webhooks_announce(NEW.organization_id, of_index.project_id,
        CASE NEW.status WHEN 'Completed' THEN 'import.completed' ELSE 'import.failed' END,
        jsonb_build_object('subject', jsonb_build_object(
            'type', 'import', 'id', NEW.id, 'name', of_index.name),
            'index', jsonb_build_object('id', of_index.id, 'name', of_index.name),
            'records_imported', NEW.records_imported, 'records_refused', NEW.records_refused));
    RETURN NULL;
END $$;

CREATE TRIGGER webhooks_hear AFTER INSERT ON audit_event FOR EACH ROW
    WHEN (NEW.outcome = 'success' AND NEW.organization_id IS NOT NULL)
    EXECUTE FUNCTION webhooks_hear_act();
CREATE TRIGGER webhooks_hear AFTER UPDATE OF state ON indexes_index FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state IN ('Ready', 'InitializationFailed'))
    EXECUTE FUNCTION webhooks_hear_index();
CREATE TRIGGER webhooks_hear AFTER UPDATE OF status ON indexes_backup FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('Ready', 'Failed'))
    EXECUTE FUNCTION webhooks_hear_backup();
-- A run of a schedule that could not even begin is written as what failed.
CREATE TRIGGER webhooks_hear_new AFTER INSERT ON indexes_backup FOR EACH ROW
    WHEN (NEW.status = 'Failed') EXECUTE FUNCTION webhooks_hear_backup();
CREATE TRIGGER webhooks_hear AFTER UPDATE OF status ON indexes_backupverification FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('Passed', 'Damaged'))
    EXECUTE FUNCTION webhooks_hear_verification();
CREATE TRIGGER webhooks_hear AFTER UPDATE OF status ON indexes_restorejob FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('Completed', 'Failed'))
    EXECUTE FUNCTION webhooks_hear_restore();
CREATE TRIGGER webhooks_hear AFTER UPDATE OF status ON indexes_import FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('Completed', 'Failed'))
    EXECUTE FUNCTION webhooks_hear_import();
