"""What an owner may have kept for a shorter time than is usual."""

from dataclasses import dataclass
from enum import StrEnum


class Kept(StrEnum):
    """As replies, events and the command line call it."""

    BACKUPS = "backups"
    RESTORE_WINDOW = "restore_window"
    FINISHED_JOBS = "finished_jobs"
    WEBHOOK_DELIVERIES = "webhook_deliveries"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` is how people read it. Days that may be chosen, both included; the most of them hold
    where nothing is chosen, of backups no bound at all and of the window the plan's."""

    title: str
    least: int
    most: int


RULES: dict[Kept, Rule] = {
    Kept.BACKUPS: Rule("Backups", 1, 3_650),
    Kept.RESTORE_WINDOW: Rule("Restore to a moment", 0, 30),
    Kept.FINISHED_JOBS: Rule("Finished imports and logs of jobs", 7, 30),
    # Not less than a delivery is tried again for.
    Kept.WEBHOOK_DELIVERIES: Rule("Webhook deliveries", 2, 30),
    Kept.METRICS: Rule("Metrics", 1, 400),
}
