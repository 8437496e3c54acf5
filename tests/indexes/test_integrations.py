"""Storage integrations hold what reads a bucket, sealed, and nothing that leads elsewhere."""

import json
from typing import Any

import pytest

from access.actor import OPERATOR
from indexes.integrations import (
    create_storage_integration,
    delete_storage_integration,
    get_storage_integration,
    visible_storage_integrations,
)
from indexes.models import StorageIntegration
from kit.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from projects.keys import newest_data_key
from storage.database import Connection
from storage.integrations import load_integration
from tests.support.world import World

_S3 = {"access_key_id": "AKID", "secret_access_key": "very secret"}
_ACCOUNT = {
    "type": "service_account",
    "client_email": "robot@example.iam",
    "private_key": "very secret",
    "private_key_id": "7",
    "token_uri": "http://169.254.169.254/",
    "gcs_base_url": "http://127.0.0.1/",
}


def create(world: World, **changed: Any) -> StorageIntegration:
    wish = {"name": "lake", "provider": "s3", "credentials": _S3, "region": "eu-west-1"} | changed
    return create_storage_integration(OPERATOR, world.project, **wish)


def stored(world: World, control: Connection, made: StorageIntegration) -> dict[str, str]:
    row = load_integration(control, world.project.pk, made.pk)
    assert row is not None
    return row.credentials(newest_data_key(world.project.pk, using="system"))


def test_nodes_read_what_was_kept_and_the_database_does_not(
    world: World, control: Connection
) -> None:
    made = create(world)
    assert stored(world, control, made) == _S3
    row = control.execute("SELECT * FROM indexes_storageintegration").fetchone()
    assert "secret" not in str(row)
    assert load_integration(control, world.their_project.pk, made.pk) is None


def test_a_key_file_leads_nowhere_else(world: World, control: Connection) -> None:
    credentials = {"service_account_key": json.dumps(_ACCOUNT)}
    made = create(world, provider="gcs", credentials=credentials, region="")
    kept = json.loads(stored(world, control, made)["service_account_key"])
    assert set(kept) == {"type", "client_email", "private_key", "private_key_id"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "../x"},
        {"provider": "ftp"},
        {"credentials": {"access_key_id": "AKID"}},
        {"credentials": {**_S3, "endpoint": "http://127.0.0.1"}},
        {"credentials": {**_S3, "secret_access_key": "x" * 20_000}},
        {"region": "x.evil.example/"},
        {"endpoint": "http://127.0.0.1:9000"},
        {"provider": "gcs", "region": "", "credentials": {"service_account_key": "[]"}},
        {"provider": "azure", "credentials": {"sas_token": "x"}},
    ],
)
def test_what_does_not_fit_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        create(world, **wrong)
    assert "secret" not in refusal.value.message.replace("secret_access_key", "")
    assert visible_storage_integrations(OPERATOR, world.project) == []


def test_a_name_stands_for_one_integration(world: World) -> None:
    made = create(world)
    with pytest.raises(AlreadyExists):
        create(world)
    assert get_storage_integration(OPERATOR, world.project, "lake") == made
    assert get_storage_integration(OPERATOR, world.project, str(made.pk)) == made
    with pytest.raises(NotFound):
        get_storage_integration(OPERATOR, world.their_project, "lake")
    delete_storage_integration(OPERATOR, made)
    with pytest.raises(NotFound):
        delete_storage_integration(OPERATOR, made)


def test_who_may_not_change_the_project_may_not_keep_credentials_in_it(world: World) -> None:
    with pytest.raises(PermissionDenied):
        create_storage_integration(
            world.bob, world.project, name="lake", provider="s3", credentials=_S3
        )
    made = create(world)
    with pytest.raises(PermissionDenied):
        delete_storage_integration(world.vera, made)
