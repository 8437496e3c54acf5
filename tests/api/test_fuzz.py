"""No request made from our own description of the API, valid or not, is our fault.

`STONEPINE_NIGHTLY=1` sends many more, with other seeds.
"""

import json
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.core.cache import cache
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from access.permissions import Role
from tests.api.conftest import Caller
from tests.support.admin import sign_up
from tests.support.fuzzing import examples, try_all
from tests.support.world import World

_CASES = examples(usual=4, nightly=300)


def described() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(Caller().call("GET", "/docs/openapi.json").content)
    return body


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_no_described_request_fails(world: World, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(described())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 30
    # What exists, so that half of the requests reach something.
    real = {
        "organization_id": str(world.organization.pk), "project_id": str(world.project.pk),
        "index_name": world.index("movies").name, "name": "movies",
        "user_id": str(world.people["bob"].pk),
    }  # fmt: skip
    caller = Caller(world.key()[1])
    bearer = {"Authorization": f"Bearer {sign_up(world, Role.ORG_OWNER).token}"}
    statuses: Counter[int] = Counter()

    def send(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://stonepine")
        path = sent["url"].removeprefix("http://stonepine")
        if case.method != "DELETE" and statuses.total() % 2:
            path = case.path.format(**{**case.path_parameters, **_known(case, real)})
        if statuses.total() % 100 == 0:
            cache.clear()  # else most would only be too many
        query = urlencode(sent.get("params") or {}, doseq=True)
        headers = bearer if path.startswith("/admin") else {}
        body = sent.get("json", sent.get("data"))
        reply = caller.call(case.method, f"{path}?{query}" if query else path, body, **headers)
        statuses[reply.status_code] += 1
        assert reply.status_code < 500, (case.method, path, query, body, reply.content)

    for operation in operations:
        try:
            try_all(operation.as_strategy(generation_mode=mode), send, count=_CASES)
        except Unsatisfiable:
            # Of what takes nothing, nothing can be said wrongly.
            assert mode is GenerationMode.NEGATIVE, operation.label
    assert statuses[200] > 10
    assert statuses[400] > 10


def _known(case: Any, real: dict[str, str]) -> dict[str, str]:
    return {name: real[name] for name in case.path_parameters if name in real}
