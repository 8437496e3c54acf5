"""What kinds of jobs there are, and how one may stand; needs no tables."""

from enum import StrEnum


class JobKind(StrEnum):
    """`index`: an index is made, changed in size, or deleted."""

    BACKUP = "backup"
    COLLECTION = "collection"
    IMPORT = "import"
    INDEX = "index"
    RESTORE = "restore"
    VERIFICATION = "verification"


class JobState(StrEnum):
    """What the statuses of all kinds come to."""

    UNFINISHED = "unfinished"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
