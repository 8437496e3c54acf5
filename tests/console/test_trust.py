"""The page for everybody: missing until the operator shows it, and then without a secret."""

import re

from django.test import Client

from kit.environment import environment
from tests.console.conftest import Site

# The request's id, the token against forged forms.
_FRESH = re.compile(r'[0-9a-f]{32}|(?<=name="csrfmiddlewaretoken" value=")\w+')


def alike(text: str) -> str:
    return _FRESH.sub("", text)


def test_off_it_is_missing_byte_for_byte(site: Site) -> None:
    del site
    browser = Client(HTTP_ACCEPT="text/html")
    for method in ("get", "head", "put", "delete", "options"):
        found, missing = (getattr(browser, method)(path) for path in ("/trust", "/trusx"))
        assert (found.status_code, missing.status_code) == (404, 404)
        assert alike(found.text) == alike(missing.text).replace("trusx", "trust")
        apart = {"X-Pinecone-Request-Id", "Content-Length"}
        assert {k: v for k, v in found.headers.items() if k.title() not in apart} == {
            k: v for k, v in missing.headers.items() if k.title() not in apart
        }


def test_on_it_tells_how_data_is_kept_and_nothing_of_tenants(
    site: Site, has_trust_page: None
) -> None:
    browser = Client(HTTP_ACCEPT="text/html")
    page = browser.get("/trust")
    assert page.status_code == 200
    for words in ("AES-256-GCM", "TLS 1.2 and 1.3", "security@pine.example", "Background work"):
        assert words in page.text
    here = environment()
    secrets = (
        here.database_url.get_secret_value(), here.redis_url.get_secret_value(), str(here.home),
        here.object_store_url, site.organization.name, site.project.name, site.alice.email,
    )  # fmt: skip
    assert not [one for one in secrets if one and one in page.text]
    assert browser.put("/trust").status_code == 405
