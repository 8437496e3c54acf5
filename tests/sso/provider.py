"""The factory's identity provider, answering a real connection of the tests' world."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from lxml import etree

from access.actor import OPERATOR
from kit import clock
from orgs.tenancy import tenant
from sso.bindings import inflated
from sso.connections import Rules, set_rules
from sso.models import SamlConnection
from sso.party import acs_url_of, entity_id_of
from sso.queries import find_connection
from tests.sso.factory import Shape, encoded, made, reread, sign, signer
from tests.sso.test_connections import active
from tests.support.name_server import NameServer
from tests.support.world import World

DOMAIN = "pine.example.com"
NEWCOMER = f"nina@{DOMAIN}"


@dataclass
class Provider:
    """Speaks for one connection; `numbers` make each assertion another."""

    connection: SamlConnection
    made_so_far: int = field(default=0)

    @property
    def base(self) -> str:
        return f"/sso/saml/{self.connection.pk}"

    @property
    def acs(self) -> str:
        return f"{self.base}/acs"

    def shape(self, email: str = NEWCOMER, *, request: str | None, **changes: Any) -> Shape:
        now = clock.now().replace(microsecond=0)
        attributes = {"email": (email,), **changes.pop("attributes", {})}
        usual = Shape(
            name_id=changes.pop("name_id", email),
            attributes=tuple(attributes.items()),
            destination=acs_url_of(self.connection),
            recipient=acs_url_of(self.connection),
            audiences=((entity_id_of(self.connection),),),
            request=request,
            confirmed_request=request,
            issued=now,
            response_issued=now,
        )
        return replace(usual, **changes)

    def tree(self, email: str = NEWCOMER, *, request: str | None = None, **changes: Any) -> Any:
        by = changes.pop("by", None)
        self.made_so_far += 1
        root = made(self.shape(email, request=request, **changes), signs="nothing")
        root.set("ID", f"_response-{self.made_so_far}")
        (assertion,) = root.xpath("//*[local-name()='Assertion']")
        assertion.set("ID", f"_assertion-{self.made_so_far}")
        sign(assertion, by or signer("idp"))
        return reread(root)

    def response(self, email: str = NEWCOMER, *, request: str | None = None, **changes: Any) -> str:
        return encoded(self.tree(email, request=request, **changes))

    def begin(self, browser: Client, *, onward: str = "/") -> str:
        """The id of the request that the browser was sent away with."""
        answer = browser.get(f"{self.base}/login", {"next": onward})
        assert answer.status_code == 302, answer.content
        query = parse_qs(urlsplit(answer["Location"]).query)
        return str(etree.fromstring(inflated(query["SAMLRequest"][0])).get("ID"))

    def arrive(self, browser: Client, sent: str, **fields: str) -> Any:
        """The provider's form: from another site, so without the browser's cookies."""
        stranger = Client(HTTP_ACCEPT="text/html")
        answer = stranger.post(self.acs, {"SAMLResponse": sent, **fields})
        return browser.get(answer["Location"]) if answer.status_code == 303 else answer

    def sign_in(self, browser: Client, email: str = NEWCOMER, **changes: Any) -> Any:
        onward = changes.pop("onward", "/")
        request = self.begin(browser, onward=onward)
        return self.arrive(browser, self.response(email, request=request, **changes))

    def rule(self, **changes: Any) -> None:
        set_rules(OPERATOR, self.connection, rules=replace(Rules(), **changes))
        self.connection = find_connection(self.connection.pk)

    def change(self, **fields: Any) -> None:
        with tenant(self.connection.organization_id):
            SamlConnection.objects.filter(pk=self.connection.pk).update(**fields)
        self.connection = find_connection(self.connection.pk)


def provider_of(world: World, names: NameServer) -> Provider:
    return Provider(active(world, names))


def browser() -> Client:
    return Client(HTTP_ACCEPT="text/html")
