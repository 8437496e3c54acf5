"""What several machines share, made ready once: tables and keyring."""

import os

from cli.database_roles import require_bound_role
from cli.errors import SetupError
from cli.home import Home
from cli.settings import Installation
from keyring.local import LocalKeyring

_NEEDS = (
    "DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OWNER_URL", "STONEPINE_KEYRING_DIR",
)  # fmt: skip


def migrate(home: Home) -> None:
    """Raises SetupError for what is missing. Idempotent; may run while parts do."""
    missing = [name for name in _NEEDS if not os.environ.get(name)]
    if missing:
        raise SetupError(
            f"`stonepine migrate` needs {', '.join(missing)}.", hint="See docs/scale-out.md."
        )
    home.create()
    installation = Installation.read(home)
    os.environ.update({**installation.children_environment(), **installation.owner_environment()})
    here = installation.environment
    LocalKeyring.create(here.keyring_dir).check()
    import django
    from django.core.management import call_command

    django.setup()
    for name, url in (("DATABASE_URL", here.database_url),
                      ("DATABASE_SYSTEM_URL", here.database_system_url)):  # fmt: skip
        require_bound_role(name, url.get_secret_value())
    call_command("migrate", database="owner", interactive=False, verbosity=0)
