"""The write log's tables, for whoever applies them (a migration of the control plane, a test)."""

from pathlib import Path

TABLES = ("log_lease", "log_namespace", "log_batch", "log_pin", "log_dropped", "log_base")
SEQUENCE = "log_epoch"


def sql_text() -> str:
    """The DDL, to be run once by the owner of the schema."""
    return Path(__file__).with_name("schema.sql").read_text()


def grants(system_role: str) -> str:
    """The rights that the engines', builders' and workers' role needs; nobody else gets any."""
    role = '"' + system_role.replace('"', '""') + '"'
    return (
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO {role};\n"
        f"GRANT USAGE ON SEQUENCE {SEQUENCE} TO {role};\n"
    )


def drop_text() -> str:
    """The way back, for a reversed migration."""
    return f"DROP TABLE {', '.join(TABLES)};\nDROP SEQUENCE {SEQUENCE};\n"
