"""`python -m dataplane.builder`, as a worker runs it."""

import json
import subprocess
import sys

import pytest

from dataplane.builder.__main__ import segment_records
from kit.environment import Environment
from kit.ids import new_id
from tests.dataplane.builder.yard import Yard
from tests.dataplane.engine.spaces import upsert


def run(yard: Yard, *arguments: str) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "dataplane.builder", *arguments]
    environment = yard.plane.environment
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    (line,) = result.stdout.splitlines()
    return result.returncode, json.loads(line)


def test_one_line_of_json_tells_what_was_built(yard: Yard) -> None:
    yard.write(upsert({"a": [1, 0], "b": [0, 1]}))
    place = ["--index", str(yard.site.index_id), "--namespace", str(yard.site.namespace_id)]
    code, line = run(yard, *place)
    assert code == 0
    assert (line["status"], line["record_count"], line["lsn"], line["is_more"]) == (
        "built",
        2,
        1,
        False,
    )
    code, line = run(yard, *place)
    assert (code, line["status"]) == (0, "nothing")
    assert yard.open_namespace().record_count == 2


def test_a_failure_is_one_line_of_json_too(yard: Yard) -> None:
    code, line = run(yard, "--index", str(new_id()), "--namespace", str(new_id()))
    assert code == 1
    assert (line["status"], line["code"]) == ("failed", "NOT_FOUND")
    assert "There is no index" in str(line["message"])


def test_an_unexpected_failure_names_only_its_kind(yard: Yard) -> None:
    yard.plane._change(
        "UPDATE dataplane_index SET metric = 'taxicab' WHERE index_id = %s", [yard.site.index_id]
    )
    place = ["--index", str(yard.site.index_id), "--namespace", str(yard.site.namespace_id)]
    code, line = run(yard, *place)
    assert (code, line["code"], line["message"]) == (1, "INTERNAL", "ValueError")


@pytest.mark.parametrize(
    ("backlog", "records"),
    [(0, 16_384), (40_000, 16_384), (100_000, 25_000), (900_000, 80_000)],
)
def test_a_long_backlog_becomes_few_large_segments(backlog: int, records: int) -> None:
    settings = Environment.model_construct(segment_max_records=16_384, merge_max_records=160_000)
    assert segment_records(settings, backlog) == records
