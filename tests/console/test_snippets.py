"""Code on pages: it compiles, names the right host, and typed values stay values."""

import ast
import json
import shlex

import pytest

from console.snippets import snippets
from kit.environment import environment

NASTY = "x\"); import os; os.system('id') #<script>&"


def code(subject: str, language: str, **values: object) -> str:
    return next(one.code for one in snippets(subject, **values) if one.language == language)


def wish(**changes: object) -> dict[str, object]:
    return {"name": "a", "dimension": 384, "metric": "cosine", "is_protected": False, **changes}


@pytest.mark.parametrize("is_protected", [True, False])
def test_python_says_what_the_form_says(is_protected: bool) -> None:
    tree = ast.parse(code("create_index", "Python", **wish(is_protected=is_protected)))
    given = {
        node.arg: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant)
    }
    place = {"cloud": "aws", "region": "us-east-1"}
    expected = {"name": "a", "dimension": 384, "metric": "cosine"}
    assert given == expected | place | ({"deletion_protection": "enabled"} if is_protected else {})


@pytest.mark.parametrize("is_protected", [True, False])
def test_curl_sends_json(is_protected: bool) -> None:
    text = code("create_index", "curl", **wish(name=NASTY, is_protected=is_protected))
    body = json.loads(text.split("-d '")[1].rsplit("'", 1)[0])
    assert body["name"] == NASTY
    assert ("deletion_protection" in body) is is_protected


def test_typed_values_stay_values() -> None:
    python = code("create_index", "Python", **wish(name=NASTY, dimension="1); evil()"))
    names = {node.id for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Name)}
    assert names == {"pc", "Pinecone", "ServerlessSpec"}


def test_highlighted_code_is_escaped() -> None:
    for snippet in snippets("create_index", **wish(name=NASTY)):
        assert "<script" not in snippet.html


def test_environment_names_this_installation() -> None:
    (shell,) = snippets("exports", ("Shell",), key="pcsk_x")
    assert f'PINECONE_CONTROLLER_HOST="{environment().base_url}"' in shell.code


def test_other_python_snippets_compile() -> None:
    ast.parse(code("quickstart", "Python"))
    ast.parse(code("use_index", "Python", host="http://h:1", address="http://h:1", dimension=3))


def test_an_import_is_started_with_what_was_typed() -> None:
    typed = {"uri": NASTY, "on_error": "abort", "integration": "42", "host": "h", "address": "a"}
    tree = ast.parse(code("import_start", "Python", **typed))
    given = {
        node.arg: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant)
    }
    assert given == {"host": "h", "uri": NASTY, "error_mode": "abort", "integration_id": "42"}
    text = code("import_start", "curl", **typed)
    assert json.loads(text.split("-d '")[1].rsplit("'", 1)[0]) == {
        "uri": NASTY, "errorMode": {"onError": "abort"}, "integrationId": "42",
    }  # fmt: skip
    (shell,) = snippets("import_start", ("Shell",), **typed)
    assert NASTY in shlex.split(shell.code, comments=True)
