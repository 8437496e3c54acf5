"""How commands get into a running installation, and the options that they share."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import SetupError
from cli.home import Home
from cli.instance import running

if TYPE_CHECKING:
    from access.actor import Actor
    from orgs.models import Organization

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home folder; else STONEPINE_HOME, else .stonepine here."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def is_of_parts() -> bool:
    """Whether the parts run on machines of their own, and this command somewhere among them."""
    return bool(os.environ.get("STONEPINE_PARTS_CA"))


def enter(home: Path | None) -> None:
    """Become a process of the running installation, as far as its environment goes."""
    chosen = Home.at(home)
    if is_of_parts():
        _enter_parts(chosen)
        return
    if running(chosen) is None:
        raise SetupError(
            f"Nothing runs for {chosen.path}.",
            hint=f"Start it with `stonepine up --home {chosen.path} --detach`.",
        )
    from cli.settings import Installation
    from kit.environment import environment

    os.environ.update(Installation.of(chosen).children_environment())
    environment.cache_clear()
    import django

    django.setup()
    _keep_logs_apart()


def _enter_parts(home: Home) -> None:
    """Where parts run on machines of their own: with the environment of a worker, anywhere."""
    from cli.part_settings import PartInstallation
    from kit.environment import environment
    from kit.parts import PartKind

    home.create()
    part = PartInstallation.of(home, PartKind.WORKER)
    os.environ.update(part.children_environment())
    environment.cache_clear()
    import django

    django.setup()
    _keep_logs_apart()


def _keep_logs_apart() -> None:
    """On standard error: what a command answers may be read by a program."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)


@contextmanager
def operating(home: Path | None) -> "Iterator[Actor]":
    """The operator, acting in the running installation; what they do is audited as such."""
    enter(home)
    with acting_operator() as operator:
        yield operator


@contextmanager
def acting_operator() -> "Iterator[Actor]":
    """The operator, acting where this process has entered already."""
    from access.actor import OPERATOR
    from audit.context import AuditContext, Source, acting_from
    from kit.ids import new_id

    with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
        yield OPERATOR


def named_organization(reference: str) -> "Organization":
    """By slug, public id or row id; Django is set up."""
    from kit.errors import NotFound
    from orgs.queries import find_organization

    found = find_organization(reference)
    if found is None:
        raise NotFound(f"There is no organization {reference}.")
    return found
