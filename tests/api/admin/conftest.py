"""The caller that most tests of the Admin API need."""

import pytest

from access.permissions import Role
from tests.support.admin import AdminCaller, sign_up
from tests.support.world import World


@pytest.fixture
def owner(world: World) -> AdminCaller:
    return sign_up(world, Role.ORG_OWNER)
