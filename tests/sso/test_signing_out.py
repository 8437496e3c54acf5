"""Single logout through the mounted address, begun at either end."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from lxml import etree

from audit.models import Event
from kit import clock
from sso.bindings import inflated, signed_query
from sso.errors import Fault
from sso.logout import LogoutUrls, logout_request, logout_response
from sso.models import SsoSession
from sso.party import entity_id_of, logout_urls_of
from sso.sessions import find_session
from tests.sso.factory import IDP, connection, encoded, reread, sign, signer
from tests.sso.provider import NEWCOMER, Provider, browser
from tests.sso.test_sign_on import fault_of, is_in, last_event
from tests.support.world import World


def theirs(provider: Provider) -> tuple[Any, LogoutUrls]:
    """The provider's own view of the two sides."""
    urls = logout_urls_of(provider.connection)
    party = connection(entity_id=IDP, idp_entity_id=entity_id_of(provider.connection))
    return party, LogoutUrls(own=urls.theirs, theirs=urls.own)


def wish(provider: Provider, name_id: str = NEWCOMER, index: str = "") -> bytes:
    party, urls = theirs(provider)
    return logout_request(party, urls, name_id=name_id, session_index=index, now=clock.now())[1]


def asked(provider: Provider, xml: bytes, *, by: str = "idp", state: str = "") -> Any:
    query = signed_query("SAMLRequest", xml, relay_state=state, key=signer(by).pair)
    return browser().get(f"{provider.base}/slo?{query}")


def signed_in(provider: Provider, email: str = NEWCOMER) -> Client:
    tab = browser()
    assert provider.sign_in(tab, email).status_code == 302
    return tab


def test_the_provider_ends_the_sessions_of_the_person_it_names_and_no_others(
    world: World, provider: Provider
) -> None:
    mine, other = signed_in(provider), signed_in(provider, "otto@pine.example.com")
    answer = asked(provider, wish(provider), state="their state")
    assert not is_in(mine, world)
    assert is_in(other, world)
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert answer["Location"].startswith("https://idp.example.org/slo?")
    assert query["RelayState"] == ["their state"]
    assert b"status:Success" in inflated(query["SAMLResponse"][0])
    event = last_event()
    assert (event.action, event.outcome) == ("sso.signed_out", "success")
    assert event.parameters["ended_sessions"] == 1


def test_a_session_index_names_the_sessions_that_end(world: World, provider: Provider) -> None:
    tab = signed_in(provider)
    asked(provider, wish(provider, index="session-9"))
    assert is_in(tab, world)
    asked(provider, wish(provider, index="session-1"))
    assert not is_in(tab, world)


def test_a_form_works_as_well(world: World, provider: Provider) -> None:
    tab = signed_in(provider)
    sent = encoded(reread(sign(etree.fromstring(wish(provider)))))
    assert browser().post(f"{provider.base}/slo", {"SAMLRequest": sent}).status_code == 302
    assert not is_in(tab, world)


def test_a_logout_that_nobody_of_them_signed_ends_nothing(world: World, provider: Provider) -> None:
    tab = signed_in(provider)
    assert fault_of(asked(provider, wish(provider), by="else")) == Fault.SIGNATURE_INVALID
    unsigned = encoded(etree.fromstring(wish(provider)))
    answer = browser().post(f"{provider.base}/slo", {"SAMLRequest": unsigned})
    assert fault_of(answer) == Fault.SIGNATURE_MISSING
    assert fault_of(tab.get(f"{provider.base}/slo")) == Fault.SIGNATURE_MISSING
    assert is_in(tab, world)
    refused = Event.objects.using("system").filter(action="sso.signed_out", outcome="failure")
    assert refused.count() == 3


def test_a_logout_is_taken_once(world: World, provider: Provider) -> None:
    sent = wish(provider)
    asked(provider, sent)
    tab = signed_in(provider)
    assert fault_of(asked(provider, sent)) == Fault.REPLAYED
    assert is_in(tab, world)


def test_whoever_signs_out_here_signs_out_there(world: World, provider: Provider) -> None:
    """Crosses tenants: find_session is asked for the session that ends."""
    tab = signed_in(provider)
    assert find_session(tab.session.session_key or "") is not None
    page = tab.post("/signout").content.decode()
    assert not is_in(tab, world)
    assert not SsoSession.objects.using("system").exists()
    url = page.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&")
    request = etree.fromstring(inflated(parse_qs(urlsplit(url).query)["SAMLRequest"][0]))
    assert request.findtext("{*}NameID") == NEWCOMER

    party, urls = theirs(provider)
    for answers, status in ((request.get("ID"), 302), ("_another", 401), (request.get("ID"), 401)):
        xml = logout_response(party, urls, answers=answers, now=clock.now())
        query = signed_query("SAMLResponse", xml, relay_state="", key=signer("idp").pair)
        assert tab.get(f"{provider.base}/slo?{query}").status_code == status


def test_a_provider_without_logout_is_left_alone(world: World, provider: Provider) -> None:
    provider.change(slo_url="")
    tab = signed_in(provider)
    assert tab.post("/signout")["Location"] == "/signin"
    again = signed_in(provider)
    assert "You are signed out" in asked(provider, wish(provider)).content.decode()
    assert not is_in(again, world)
