"""A row of everything that pages show, and the addresses of those rows."""

from uuid import UUID

from access.actor import OPERATOR
from billing.contacts import set_billing_contact
from indexes.job_lines import note_step
from indexes.models import Index
from kit import clock
from kit.environment import environment
from notices.settlement import settle
from orgs.support import end_support, grant_support, request_support
from storage.database import connect
from tests.matrix.conftest import furnish as furnish_stage
from tests.support.past import Past
from tests.support.world import World
from tests.tour import listeners, people
from tests.tour.furniture import OWNERS_ADDRESS


def furnish(world: World) -> dict[str, str]:
    """Values of routes' parameters. Mara, an owner besides Alice, is added to the world."""
    organization, project = world.organization, world.project
    team = people.hire(organization, project)
    world.people["mara"] = team[OWNERS_ADDRESS]
    values = {
        **furnish_stage(world, "movies", is_ours=True),
        **people.invite(organization, project),
        **people.automate(organization, project),
        **people.connect(organization, project, team),
        **people.events(organization, project),
        **listeners.listen(organization, project),
        "empty_project": project.slug,
    }
    note_step(organization.pk, UUID(values["job_id"]), "A worker began.")
    _bill(world)
    _let_support_look(world)
    return values


def _bill(world: World) -> None:
    """Use of this month, whom to send its statement to, and notices of what failed."""
    set_billing_contact(
        OPERATOR, world.organization, name="Cara Counter", email="accounts@pine.example",
        company="Pine Ltd.", address="1 Resin Road", tax_id="DE 123", purchase_order="PO-7",
    )  # fmt: skip
    with connect(environment().database_system_url.get_secret_value(), name="furnished") as system:
        index = Index.objects.using("system").filter(organization=world.organization)[0]
        Past(system).used(index, clock.now().date(), read_units=7, stored=100)
    settle()


def _let_support_look(world: World) -> None:
    """Asked for, granted and ended."""
    request_support(OPERATOR, world.organization, reason="ticket 7")
    grant_support(world.alice, world.organization, reason="ticket 7", hours=4)
    end_support(world.alice, world.organization)
