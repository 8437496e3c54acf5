"""Bodies of requests about backup schedules, as types."""

from api.schemas.bodies import Strict


class TimeBased(Strict):
    """`hour`, in UTC, goes beyond Pinecone's."""

    type: str
    frequency: str
    hour: int | None = None


class Retention(Strict):
    """`max_backups` goes beyond Pinecone's; 0 is any number."""

    expire_after_days: int
    max_backups: int | None = None


class CreateBackupSchedule(Strict):
    name: str
    schedule: TimeBased
    retention: Retention


class UpdateBackupSchedule(Strict):
    frequency: str | None = None
    hour: int | None = None
    retention: Retention | None = None
    enabled: bool | None = None
