"""Indexes of the tour's project, brought up by the stack's workers: records, use, backups."""

import math
from datetime import timedelta

from access.actor import OPERATOR, Actor
from access.permissions import Role
from billing.contacts import set_billing_contact
from indexes.addresses import local_door
from indexes.backup_models import BackupStatus
from indexes.backup_queries import get_backup
from indexes.backups import create_backup
from indexes.collections import create_collection
from indexes.lifecycle import create_index
from indexes.models import Index
from indexes.queries import get_index
from indexes.restores import create_index_from_backup
from kit import clock
from kit.environment import environment
from projects.api_keys import create_api_key
from projects.models import Project
from storage.database import connect
from tests.support.past import Past
from tests.support.past_activity import PastActivity
from tests.support.waiting import wait_until
from tests.support.world import SPEC
from tests.tour.records import Client

_NAMED = "support-articles"
_INDEXES = (
    (_NAMED, 384, "cosine"),
    ("catalog-images", 512, "euclidean"),
    ("tickets-eu", 768, "dotproduct"),
)
_DAYS = 40


def fill(project: Project, *, actor: Actor = OPERATOR) -> dict[str, str]:
    found = [
        create_index(
            actor, project, name=name, spec=SPEC, dimension=dimension, metric=metric,
            tags={"team": "search", "stage": "production"},
        )
        for name, dimension, metric in _INDEXES
    ]  # fmt: skip
    wait_until(
        lambda: all(get_index(actor, project, one.name).is_ready for one in found),
        timeout_s=120, every_s=0.5, what="the tour's indexes are ready",
    )  # fmt: skip
    articles = get_index(actor, project, _NAMED)
    _use(actor, articles, project)
    _past(found)
    set_billing_contact(
        OPERATOR, project.organization, name="Cara Counter", email="accounts@hollin.example",
        company="Hollin Labs Ltd.", address="1 Resin Road\n12345 Forest", tax_id="DE 123 456 789",
    )  # fmt: skip
    create_collection(actor, articles, name="support-articles-2026")
    return {
        "name": _NAMED,
        "collection": "support-articles-2026",
        **_backed_up(actor, articles, project),
    }


def _use(actor: Actor, index: Index, project: Project) -> None:
    _, key = create_api_key(actor, project, name="search-api", roles=[Role.PROJECT_EDITOR])
    host, port, prefix = local_door(index)
    client = Client(f"http://{host}:{port}{prefix}", key.value, index.dimension or 0)
    client.fill(600)
    client.fill(120, namespace="eu")
    client.ask(90)
    client.ask(30, namespace="eu")


def _past(indexes: list[Index]) -> None:
    """Use of the days before today, with weeks that can be seen in it."""
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="tour") as connection:
        PastActivity(connection).day(indexes[0])
        past = Past(connection)
        for number, index in enumerate(indexes):
            for ago in range(1, _DAYS):
                wave = 1.4 + math.sin(ago * 2 * math.pi / 7) + 0.2 * number
                past.used(
                    index, (clock.now() - timedelta(days=ago)).date(),
                    read_units=int(41_000 * wave), write_units=int(9_300 * wave),
                    queries=int(20_500 * wave), stored=(3 - number) * (_DAYS - ago) * 31_000,
                    records=(3 - number) * (_DAYS - ago) * 6,
                )  # fmt: skip


def _backed_up(actor: Actor, index: Index, project: Project) -> dict[str, str]:
    """A backup that the workers took, and a restore of it."""
    backup = create_backup(actor, index, name="before-the-migration", description="By hand")

    def is_taken() -> bool:
        return get_backup(actor, project, str(backup.pk)).status == BackupStatus.READY

    wait_until(is_taken, timeout_s=120, every_s=0.5, what="the tour's backup is taken")
    taken = get_backup(actor, project, str(backup.pk))
    job = create_index_from_backup(actor, taken, name="articles-again")
    return {"backup_id": str(backup.pk), "job_id": str(job.pk)}
