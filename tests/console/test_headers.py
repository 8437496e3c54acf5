"""What every page tells the browser to forbid."""

import re
from collections.abc import Callable
from pathlib import Path

from django.test import Client

from accounts.models import User
from tests.console.conftest import Site

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_policy_allows_only_own_files_and_nothing_inline(
    site: Site, as_user: Callable[[User], Client]
) -> None:
    policy = as_user(site.alice).get(site.home)["Content-Security-Policy"]
    for directive in (
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'",
        "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
    ):  # fmt: skip
        assert directive in policy
    assert "unsafe" not in policy


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:")
    for template in TEMPLATES.rglob("*.html"):
        html = re.sub(r"{%.*?%}", "", template.read_text())
        assert not inline.search(html), template


def test_htmx_may_neither_evaluate_nor_keep_pages(
    site: Site, as_user: Callable[[User], Client]
) -> None:
    page = as_user(site.alice).get(site.home).content.decode()
    assert '"allowEval": false' in page
    assert '"includeIndicatorStyles": false' in page
    assert '"selfRequestsOnly": true' in page
    assert '"historyCacheSize": 0' in page
    # A row that asks again for itself must not hand its way of swapping on to the dialogs it opens.
    assert '"disableInheritance": true' in page


def test_theme_comes_from_the_cookie_and_nothing_else(site: Site) -> None:
    client = Client(HTTP_ACCEPT="text/html")
    assert "data-theme=" not in client.get("/signin").content.decode()
    client.post("/theme", {"theme": "dark", "next": "/signin"})
    assert '<html lang="en" data-theme="dark">' in client.get("/signin").content.decode()
    client.cookies["stonepine_theme"] = '"><script>'
    assert "data-theme=" not in client.get("/signin").content.decode()


def test_error_pages_carry_the_request_id(site: Site) -> None:
    response = Client(HTTP_ACCEPT="text/html").get("/nowhere")
    assert response.status_code == 404
    assert response["x-pinecone-request-id"] in response.content.decode()


def test_the_style_guide_is_closed_unless_debugging(site: Site) -> None:
    assert Client(HTTP_ACCEPT="text/html").get("/styleguide").status_code == 404
