"""What a case of the schedules plants in: a world, its workers' messages, and a clock."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from access.actor import OPERATOR
from config.celery import app
from indexes.backup_models import RestoreJob
from indexes.models import Index
from projects.models import Project
from projects.projects import create_project
from tests.support.gatehouse import open_gatehouse
from tests.support.metadata_host import MetadataHost
from tests.support.receivers import HttpReceiver, http_receiver
from tests.support.world import World

app.loader.import_default_modules()


@dataclass(frozen=True)
class Message:
    """What the broker carries: a task's name and its arguments."""

    task: str
    arguments: tuple[Any, ...] = ()

    def deliver(self) -> Exception | None:
        """As a worker carries it out; what it failed with."""
        failure = app.tasks[self.task].apply(self.arguments).result
        return failure if isinstance(failure, Exception) else None


@dataclass(frozen=True)
class Planted:
    """`state` tells how things are, `ending` how they are in the end. `before_sweeps` is called
    when no message is under way any more."""

    state: Callable[[], Any]
    ending: Any
    before_sweeps: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Case:
    """Work for these tasks; what it comes to must not hang on how often and when they run."""

    tasks: frozenset[str]
    plant: Callable[["Scene"], Planted]

    def __str__(self) -> str:
        return self.plant.__name__


@dataclass
class Scene:
    world: World
    choose: random.Random
    metadata: MetadataHost
    doors: ExitStack = field(default_factory=ExitStack)
    names: int = 0

    def name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}-{self.names}"

    def index(self, project: Project | None = None) -> Index:
        """One that answers at its public door, for whoever brings it up."""
        index = self.world.index(self.name("index"), project=project)
        self.doors.enter_context(open_gatehouse(index))
        return index

    def open_door(self, job: RestoreJob) -> Index:
        """The same for the index that the job makes."""
        index = Index.objects.using("system").get(pk=job.target_index_id)
        self.doors.enter_context(open_gatehouse(index))
        return index

    def project(self) -> Project:
        """One of its own, for what would disturb others."""
        return create_project(OPERATOR, self.world.organization, name=self.name("Project"))

    def receiver(self) -> HttpReceiver:
        return self.doors.enter_context(http_receiver())


def taken_messages() -> list[Message]:
    """What the broker holds; afterwards it is empty."""
    found = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)
        while True:
            try:
                message = queue.get_nowait()
            except queue.Empty:
                break
            message.ack()
            found.append(Message(message.headers["task"], tuple(message.payload[0])))
        queue.close()
    return found


def of_the_scheduler() -> list[Message]:
    """One of each kind that is sent again and again."""
    return [Message(entry["task"]) for entry in app.conf.beat_schedule.values()]


def registered_tasks() -> set[str]:
    return {name for name in app.tasks if not name.startswith("celery.")}
