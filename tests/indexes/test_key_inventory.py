"""What the operator is told of every key there is, and the acts on keys that belong to nobody."""

from access.actor import OPERATOR
from audit.actions import Action
from audit.models import Event
from audit.signing import rotate_signing_key
from indexes.key_inventory import installation_inventory, project_inventories
from orgs.secret_key import retire_secret_key, rotate_secret_key
from tests.indexes.test_segments import write_batches
from tests.support.world import World


def test_the_inventory_counts_what_each_project_of_every_tenant_has_sealed(world: World) -> None:
    write_batches(world.index(), 2)
    write_batches(world.index(project=world.their_project), 1)
    told = {one.project.pk: one.to_json() for one in project_inventories()}
    ours, theirs = told[world.project.pk], told[world.their_project.pk]
    assert ours["data_keys"] == {1: 3}, "two batches and a name"
    assert theirs["data_keys"] == {1: 2}
    assert ours["wrapping_keys"] == theirs["wrapping_keys"] == {1: 1}
    assert (ours["organization"], theirs["organization"]) == ("pine", "oak")


def test_acts_on_keys_of_the_installation_leave_their_events(world: World) -> None:
    before = installation_inventory()["signing_keys"]
    made = rotate_signing_key(OPERATOR)
    assert installation_inventory()["signing_keys"] == [*before, made]
    changed: list[str] = []
    rotate_secret_key(OPERATOR, lambda: changed.append("rotated"))
    retire_secret_key(OPERATOR, lambda: changed.append("retired"))
    assert changed == ["rotated", "retired"]
    acts = [event.action for event in Event.objects.using("system").order_by("id")][-3:]
    assert acts == [
        Action.AUDIT_KEY_ROTATED, Action.SECRET_KEY_ROTATED, Action.SECRET_KEY_RETIRED,
    ]  # fmt: skip
