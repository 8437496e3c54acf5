"""What Celery's processes take along."""

import os
import subprocess
import sys

from cli.process_table import _celery

_PROGRAM = """
import sys
from config.celery import app
app.loader.import_default_modules()
print("indexes.reconcile" in app.tasks, "api.urls" in sys.modules, "scim2_models" in sys.modules)
"""


def test_a_worker_knows_its_tasks_and_imports_neither_pages_nor_the_library_of_scim() -> None:
    environment = {**os.environ, **_celery("worker", [], stage=0).environment}
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert said.stdout.split() == ["True", "False", "False"]
