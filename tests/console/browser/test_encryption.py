"""The page of encryption keys in a browser: without a key, with one, and with a disabled one."""

import pytest

from projects.encryption_keys import disable_encryption_key
from tests.audit.encryption_key_cases import attached
from tests.console.browser.conftest import OpenTab, prove
from tests.console.conftest import Site

pytestmark = pytest.mark.browser


def test_the_page_fits_and_is_accessible_in_each_of_its_states(
    open_tab: OpenTab, site: Site
) -> None:
    tab = open_tab(site.alice)
    prove(tab, site)
    here = f"{site.place}/encryption"
    found = []

    def look(path: str, name: str) -> None:
        page = tab.open(path)
        for theme in ("light", "dark"):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            for width in (1440, 768, 390):
                tab.resize(width)
                page.evaluate("new Promise(requestAnimationFrame)")
                tab.keep(f"encryption-{name}-{theme}-{width}")
                if tab.overflow() > 0:
                    found.append(f"{name} sticks out by {tab.overflow()} at {width}")
            found.extend(f"{name} {theme}: {one}" for one in tab.violations())

    look(here, "none")
    look(f"{here}/new/vault", "attach")
    site.world.index("films")
    key = attached(site.world)
    look(here, "attached")
    look(f"{here}/disable", "disable")
    disable_encryption_key(site.world.alice, key)
    look(here, "disabled")
    assert not found
