"""After the database was lost: bringing the log's tables to what the object store tells."""
