"""The verbs around imports, prepared for the tests that walk all verbs."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from indexes.imports import cancel_import, start_import
from indexes.integrations import create_storage_integration, delete_storage_integration
from tests.support.world import World

Case = Callable[[World], Callable[[Actor], Any]]

_BUCKET = {"access_key_id": "AKID", "secret_access_key": "secret"}


def _creation(world: World) -> Callable[[Actor], Any]:
    return lambda actor: create_storage_integration(
        actor, world.project, name="lake", provider="s3", credentials=_BUCKET
    )


def _deletion(world: World) -> Callable[[Actor], Any]:
    made = _creation(world)(OPERATOR)
    return lambda actor: delete_storage_integration(actor, made)


def _cancelling(world: World) -> Callable[[Actor], Any]:
    started = start_import(OPERATOR, world.index(), uri="s3://bucket/folder")
    return lambda actor: cancel_import(actor, started)


def _starting(world: World) -> Callable[[Actor], Any]:
    index = world.index()
    return lambda actor: start_import(actor, index, uri="s3://bucket/folder")


IMPORT_CASES: dict[str, Case] = {
    "indexes.imports.cancel_import": _cancelling,
    "indexes.imports.start_import": _starting,
    "indexes.integrations.create_storage_integration": _creation,
    "indexes.integrations.delete_storage_integration": _deletion,
}
