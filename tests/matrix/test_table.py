"""The matrix itself: no route without a row, no row without a route, nothing of the product."""

import ast
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from tests.matrix import api_rows, console_rows
from tests.matrix.conftest import MISSING
from tests.matrix.rows import Rows
from tests.matrix.walk import filled, mounted_routes, parameters

FACES = {"api.urls": api_rows.ROWS, "console.urls": console_rows.ROWS}
_HERE = Path(__file__).parent
_BY_HAND = ("reference", "rows", "admin_rows", "api_rows", "console_rows", "data_rows", "scim_rows")


@pytest.mark.parametrize("face", FACES)
def test_every_route_has_a_row_and_every_row_a_route(face: str) -> None:
    in_rows = {key.partition(" ")[2] for key in FACES[face]}
    routes = set(mounted_routes(face))
    table = f"tests/matrix/{face.partition('.')[0]}_rows.py"
    for route in sorted(routes - in_rows):
        pytest.fail(f'No row for /{route}: add "GET {route}": Row(<right>, <status>) to {table}')
    assert not in_rows - routes, f"{table} has rows for routes that are not there"


def test_what_is_mounted_belongs_to_a_face_of_the_matrix() -> None:
    assert sorted(mounted_routes()) == sorted(
        route for face in FACES for route in mounted_routes(face)
    )


@pytest.mark.parametrize("face", FACES)
def test_every_parameter_has_a_value(face: str) -> None:
    names = {name for route in mounted_routes(face) for name in parameters(route)}
    assert not names - set(MISSING), "add a value for each to MISSING in tests/matrix/conftest.py"


def test_no_route_answers_under_a_format_suffix() -> None:
    """REST framework's routers double every route as `keys.json` unless told otherwise."""
    for route in mounted_routes():
        path = filled(route, MISSING)
        try:
            found = resolve(f"{path}.json")
        except Resolver404:
            continue
        # A name that ends so is a name: the same pattern, with the suffix in a parameter.
        assert any(str(value).endswith(".json") for value in found.kwargs.values()), path
        assert "format" not in found.kwargs


@pytest.mark.parametrize("module", _BY_HAND)
def test_what_is_expected_imports_nothing_of_the_product(module: str) -> None:
    path = _HERE / f"{module}.py"
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    ours = {f"tests.matrix.{name}" for name in ("admin_rows", "reference", "rows", "scim_rows")}
    allowed = {"dataclasses", "typing", *ours}
    assert imported <= allowed


def test_a_denial_cannot_be_taken_for_an_allowed_probe() -> None:
    """A denial must be told from what the probe gets when it is allowed."""
    rows: Rows = {key: row for face in FACES.values() for key, row in face.items()}
    unclear = [key for key, row in rows.items() if row.allowed == 403 and not row.says]
    closed_to_all = ["organizations/new", "signup"]  # nobody is told apart
    assert sorted(unclear) == [
        f"{method} {at}" for method in ("GET", "POST") for at in closed_to_all
    ]
