"""The role matrix and the document made from it."""

from pathlib import Path

from access.matrix import ROLE_LABELS, document, matrix
from access.permissions import Permission, Role

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text() == document(), "run: python -m access.matrix > docs/permissions.md"


def test_every_permission_is_a_row_and_every_role_has_a_label() -> None:
    assert [row.permission for row in matrix()] == list(Permission)
    assert set(ROLE_LABELS) == set(Role)


def test_no_permission_is_without_a_role() -> None:
    assert [row.permission for row in matrix() if not row.roles] == []
