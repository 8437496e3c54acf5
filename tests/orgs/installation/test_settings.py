"""The settings that operators are shown."""

from kit.environment import Environment
from orgs.installation.settings import GROUPS


def test_every_setting_stands_in_one_group() -> None:
    named = [name for names in GROUPS.values() for name in names]
    assert sorted(named) == sorted(Environment.model_fields)
