"""The official Admin clients against a running stack."""

import pytest

from tests.support.clients import (
    NEWEST,
    interpreter,
    run_client,
    run_scenario,
    typescript_folder,
)
from tests.support.key_house import VAULT_TOKEN, key_house
from tests.support.stack import REPOSITORY, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def credentials(stack: Stack) -> list[str]:
    account = stack.facts["service_account"]
    return [stack.api_url, account["client_id"], account["client_secret"]]


def test_the_python_admin_client_reaches_everything(stack: Stack, name: str) -> None:
    run_scenario(stack, "admin_client", name, *credentials(stack), stack.facts["owner"]["email"])


def test_a_project_that_requires_a_key_of_its_own(stack: Stack, name: str) -> None:
    with key_house() as house:
        run_scenario(stack, "customer_key", name, *credentials(stack), house.url, VAULT_TOKEN)


def test_the_typescript_admin_client_reaches_everything(stack: Stack, name: str) -> None:
    command = ["node", "dist/admin.js", name, *credentials(stack)]
    assert run_client(stack, command, cwd=typescript_folder()).strip() == "done"


def test_the_admin_example_runs(stack: Stack) -> None:
    _, client_id, client_secret = credentials(stack)
    command = [str(interpreter(NEWEST)), str(REPOSITORY / "examples" / "admin.py")]
    secrets = {"PINECONE_CLIENT_ID": client_id, "PINECONE_CLIENT_SECRET": client_secret}
    printed = run_client(stack, command, **secrets)
    assert "ci sees: ['chatbot']" in printed
