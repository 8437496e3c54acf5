"""Outer keys in the stand-in of the control plane."""

from uuid import UUID

from psycopg.types.json import Jsonb

from keyring.layered import LayeredKeyring
from keyring.outer.kinds import checked_settings, open_outer_key
from kit.destinations import parse_destinations
from kit.ids import new_id
from storage.outer_keys import StoredOuterKeys, seal_secret, secrets_seal
from tests.support.dataplane import DataPlane, Project
from tests.support.key_house import SECRETS, KeyHouse

LOOPBACK = "127.0.0.0/8"


def lock(plane: DataPlane, project: Project, house: KeyHouse, kind: str = "vault") -> UUID:
    """Put an outer key around the project's data key; its id."""
    allowed = parse_destinations(LOOPBACK)
    settings = checked_settings(kind, house.settings(kind), allowed=allowed)
    key_id, secret = new_id(), SECRETS[kind]()
    folder = plane.folder / "keyring"
    keyring = LayeredKeyring(folder, StoredOuterKeys("", b""), cache_s=1)
    ((inner,),) = plane.rows(
        "SELECT wrapped FROM dataplane_project_key WHERE project_id = %s", [project.project_id]
    )
    outer = open_outer_key(kind, settings, secret, allowed=allowed)
    plane._change(
        "UPDATE dataplane_project_key SET wrapped = %s WHERE project_id = %s",
        [keyring.enclosed(project.project_id, inner, key_id, outer), project.project_id],
    )
    sealed = seal_secret(secrets_seal(folder), key_id, secret)
    plane._change(
        "INSERT INTO dataplane_outer_key VALUES (%s, %s, %s, %s, %s)",
        [key_id, project.project_id, kind, Jsonb(settings), sealed],
    )
    return key_id


def switch(plane: DataPlane, key_id: UUID, *, is_enabled: bool) -> None:
    """As the control plane does, with nodes told."""
    plane._change(
        "UPDATE dataplane_outer_key SET disabled_at = CASE WHEN %s THEN NULL ELSE now() END"
        " WHERE key_id = %s",
        [is_enabled, key_id],
    )
