"""A row of everything that pages show, and the addresses of those rows."""

from tests.matrix.conftest import furnish as furnish_stage
from tests.support.world import World
from tests.tour import listeners, people
from tests.tour.furniture import OWNERS_ADDRESS


def furnish(world: World) -> dict[str, str]:
    """Values of routes' parameters. Mara, an owner besides Alice, is added to the world."""
    organization, project = world.organization, world.project
    team = people.hire(organization, project)
    world.people["mara"] = team[OWNERS_ADDRESS]
    return {
        **furnish_stage(world, "movies", is_ours=True),
        **people.invite(organization, project),
        **people.automate(organization, project),
        **people.connect(organization, project, team),
        **people.events(organization, project),
        **listeners.listen(organization, project),
        "empty_project": project.slug,
    }
