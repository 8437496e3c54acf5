"""Letters that people got."""

import pytest

from config.celery import app
from tests.console.conftest import Letters


@pytest.fixture
def letters() -> Letters:
    app.control.purge()
    return Letters()
