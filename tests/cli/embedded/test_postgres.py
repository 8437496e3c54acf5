"""The cluster's files: whose they are, and that links among them lead nobody astray."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.identity import server_identity
from cli.embedded.postgres import ROLES, EmbeddedPostgres

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root serves as another user")


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="sp-pg-") as folder:
        made = EmbeddedPostgres(
            data_dir=Path(folder) / "data",
            socket_dir=Path(folder) / "s",
            passwords={role: secrets.token_urlsafe(12) for role in ROLES},
            is_durable=False,
        )
        made.prepare()
        yield made


@pytest.mark.parametrize("name", ["postgresql.conf", "pg_hba.conf"])
def test_a_planted_link_is_replaced_and_what_it_names_is_left_alone(
    cluster: EmbeddedPostgres, tmp_path: Path, name: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("ours")
    victim.chmod(0o640)
    planted = cluster.data_dir / name
    planted.unlink()
    planted.symlink_to(victim)

    identity = cluster.prepare()

    status = victim.stat()
    assert (victim.read_text(), status.st_uid, status.st_mode & 0o777) == ("ours", 0, 0o640)
    assert not planted.is_symlink()
    assert (planted.stat().st_uid, planted.stat().st_mode & 0o777) == (identity.uid, 0o600)


def test_the_superusers_password_is_roots_alone(cluster: EmbeddedPostgres) -> None:
    password = cluster.data_dir.with_name("data.superuser")
    os.chown(password, server_identity().uid or 0, 0)  # as earlier versions left it
    cluster.prepare()
    assert (password.stat().st_uid, password.stat().st_mode & 0o777) == (0, 0o600)
    assert len(password.read_text()) > 30
