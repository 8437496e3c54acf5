"""Signing in through the mounted addresses: who gets in, as whom, and who stays out."""

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from audit.models import Event
from kit import clock
from orgs.departures import remove_member
from orgs.invitations import create_invitation
from orgs.models import Membership, RoleBinding, UserManagement
from orgs.organizations import set_plan, suspend_organization
from orgs.people import deactivate
from orgs.plans import Plan
from orgs.queries import grants_of
from orgs.role_bindings import Assignment
from orgs.tenancy import tenant
from projects.projects import create_project
from sso.arrivals import find_arrival
from sso.connections import disable_connection
from sso.errors import Fault
from sso.models import Arrival, Identity, SsoSession
from sso.user_management import set_user_management
from tests.sso.factory import signer
from tests.sso.provider import DOMAIN, NEWCOMER, Provider, browser
from tests.sso.wrappings import flips, response_wrappings, wrappings
from tests.support.together import together
from tests.support.world import PASSWORD, World


def is_in(client: Client, world: World) -> bool:
    return bool(client.get(f"/o/{world.organization.slug}").status_code == 200)


def person(email: str = NEWCOMER) -> User:
    return User.objects.get(email=email)


def roles_of(user: User) -> set[str]:
    return {str(grant.role) for grant in grants_of(user.pk)}


def fault_of(answer: Any) -> str:
    assert answer.status_code == 401, answer.status_code
    page = answer.content.decode()
    assert "Request ID" in page
    return str(page.partition("<dt>Code</dt><dd><code>")[2].partition("<")[0])


def member(world: World, name: str, email: str) -> User:
    """A person of the world under an address of the verified domain."""
    user = world.people[name]
    user.email = email
    user.save(update_fields=["email"])
    return user


def last_event() -> Event:
    event = Event.objects.using("system").order_by("id").last()
    assert event is not None
    return event


def test_somebody_new_joins_with_the_default_role(world: World, provider: Provider) -> None:
    tab = browser()
    answer = provider.sign_in(tab, onward=f"/o/{world.organization.slug}/roles")
    assert answer["Location"] == f"/o/{world.organization.slug}/roles"
    assert is_in(tab, world)
    assert roles_of(person()) == {"OrgMember"}
    assert not person().has_usable_password()
    event = last_event()
    assert (event.action, event.outcome) == ("sso.signed_in", "success")
    assert event.actor_id == person().pk
    assert event.parameters["joined"] is True


def test_the_same_name_id_is_the_same_person_whatever_the_address(
    world: World, provider: Provider
) -> None:
    provider.sign_in(browser(), name_id="f92c")
    provider.sign_in(browser(), f"nina.new@{DOMAIN}", name_id="f92c")
    assert Identity.objects.using("system").count() == 1
    assert not User.objects.filter(email=f"nina.new@{DOMAIN}").exists()


def test_an_address_that_signs_in_under_another_name_id_is_refused(
    world: World, provider: Provider
) -> None:
    provider.sign_in(browser(), name_id="f92c")
    answer = provider.sign_in(browser(), name_id="0001")
    assert fault_of(answer) == Fault.IDENTITY_TAKEN


def test_a_member_is_linked_and_keeps_roles(world: World, provider: Provider) -> None:
    bob = member(world, "bob", f"bob@{DOMAIN}")
    tab = browser()
    provider.sign_in(tab, bob.email)
    assert is_in(tab, world)
    assert roles_of(bob) == {"OrgMember", "ProjectEditor"}
    assert last_event().parameters["linked"] is True


def test_an_account_from_elsewhere_is_not_taken(world: World, provider: Provider) -> None:
    """Also where its address lies in the verified domain: an owner must invite it."""
    member(world, "mallory", f"mallory@{DOMAIN}")
    assert fault_of(provider.sign_in(browser(), f"mallory@{DOMAIN}")) == Fault.ACCOUNT_ELSEWHERE


def test_an_invited_account_from_elsewhere_gets_in_here_and_nowhere_else(
    world: World, provider: Provider
) -> None:
    mallory = member(world, "mallory", f"mallory@{DOMAIN}")
    create_invitation(
        OPERATOR,
        world.organization,
        email=mallory.email,
        assignments=[Assignment(Role.ORG_MANAGER)],
    )
    tab = browser()
    provider.sign_in(tab, mallory.email)
    assert is_in(tab, world)
    assert tab.get(f"/o/{world.elsewhere.slug}").status_code == 404
    page = tab.get(f"/o/{world.organization.slug}").content.decode()
    assert world.elsewhere.name not in page
    assert "OrgManager" in roles_of(mallory)
    for path in ("/account/mfa/app", "/account/email"):
        assert tab.get(path)["Location"].startswith("/confirm")


def test_only_a_proof_that_the_provider_asked_for_lately_is_a_fresh_one(
    world: World, provider: Provider
) -> None:
    """An unlocked browser is none: its provider may answer from a session of hours ago, also
    where it was told to ask again."""
    alice, page = member(world, "alice", f"alice@{DOMAIN}"), f"/o/{world.organization.slug}/sso"
    tab = browser()
    for ago, is_fresh in ((timedelta(hours=8), False), (timedelta(minutes=1), True)):
        tab.get(f"{provider.base}/login", {"again": "1"})
        moment = clock.now() - ago
        provider.sign_in(tab, alice.email, authenticated=moment)
        assert is_in(tab, world)
        assert (tab.get(page).status_code == 200) is is_fresh, ago
    provider.sign_in(tab, alice.email, authenticated=clock.now() - timedelta(hours=1))
    assert tab.get(page)["Location"].startswith("/confirm")
    provider.sign_in(tab, alice.email, authenticated=clock.now() + timedelta(days=1))
    proof = tab.session["account_authentication_methods"][-1]
    assert proof["method"] == "sso"
    assert proof["at"] <= clock.now().timestamp()


def test_a_provider_neither_sees_nor_ends_sessions_that_it_did_not_begin(
    world: World, provider: Provider
) -> None:
    bob = member(world, "bob", f"bob@{DOMAIN}")
    own, vouched, other = browser(), browser(), browser()
    own.post("/signin", {"email": bob.email, "password": PASSWORD})
    session = UserSession.objects.get(user=bob)
    provider.sign_in(vouched, bob.email)
    provider.sign_in(other, bob.email)
    page = vouched.get("/account/sessions").content.decode()
    assert f"/account/sessions/{session.pk}/end" not in page
    assert vouched.post(f"/account/sessions/{session.pk}/end").status_code == 404
    vouched.post("/account/sessions/end")
    assert is_in(own, world)
    assert is_in(vouched, world)
    assert not is_in(other, world)


def test_a_password_makes_another_session_of_one_that_a_provider_began(
    world: World, provider: Provider
) -> None:
    """Which that provider ends no more."""
    bob = member(world, "bob", f"bob@{DOMAIN}")
    tab = browser()
    provider.sign_in(tab, bob.email)
    tab.post("/signin", {"email": bob.email, "password": PASSWORD})
    disable_connection(OPERATOR, provider.connection)
    assert is_in(tab, world)


def test_a_foreign_domain_is_refused(world: World, provider: Provider) -> None:
    """One tenant's provider does not speak for another's domain, nor for one that looks like it."""
    for email in ("x@oak.example.com", f"x@sub.{DOMAIN}", f"x@y.example@{DOMAIN}"):
        assert fault_of(provider.sign_in(browser(), email)) in {
            Fault.FOREIGN_DOMAIN, Fault.ADDRESS_MALFORMED,
        }  # fmt: skip


def test_removed_people_stay_out_until_they_are_invited_again(
    world: World, provider: Provider
) -> None:
    tab = browser()
    provider.sign_in(tab)
    remove_member(world.alice, world.organization, user=person())
    assert not is_in(tab, world)
    assert fault_of(provider.sign_in(browser())) == Fault.REMOVED
    create_invitation(
        OPERATOR, world.organization, email=NEWCOMER, assignments=[Assignment(Role.ORG_MANAGER)]
    )
    assert provider.sign_in(tab).status_code == 302
    assert roles_of(person()) == {"OrgManager"}


def test_deactivated_people_stay_out(world: World, provider: Provider) -> None:
    tab = browser()
    provider.sign_in(tab)
    deactivate(OPERATOR, person())
    assert not is_in(tab, world)
    assert fault_of(provider.sign_in(browser())) == Fault.ACCOUNT_DEACTIVATED


def test_nobody_joins_where_joining_is_closed(world: World, provider: Provider) -> None:
    provider.rule(may_join=False)
    assert fault_of(provider.sign_in(browser())) == Fault.JOINING_CLOSED
    assert not User.objects.filter(email=NEWCOMER).exists()


def test_roles_follow_the_attribute_at_each_sign_in(world: World, provider: Provider) -> None:
    set_user_management(OPERATOR, world.organization, mode=UserManagement.SAML)
    on_project = f"pinecone:project:{world.project.pk}:ProjectEditor"
    foreign = f"pinecone:project:{world.their_project.pk}:ProjectOwner"
    said = ("pinecone:OrgManager", on_project, foreign, "pinecone:Root", "staff")
    tab = browser()
    provider.sign_in(tab, attributes={"roles": said})
    assert roles_of(person()) == {"OrgManager", "ProjectEditor"}
    provider.sign_in(tab, attributes={"roles": ("pinecone:OrgMember",)})
    assert roles_of(person()) == {"OrgMember"}


def test_no_role_is_no_way_in_and_takes_those_there_were(world: World, provider: Provider) -> None:
    set_user_management(OPERATOR, world.organization, mode=UserManagement.SAML)
    tab = browser()
    provider.sign_in(tab, attributes={"roles": ("pinecone:OrgMember",)})
    assert is_in(tab, world)
    other = browser()
    assert fault_of(provider.sign_in(other, attributes={"roles": ("nothing",)})) == Fault.NO_ROLES
    assert roles_of(person()) == set()
    assert not is_in(tab, world)


def test_the_last_owner_stays_one_whatever_the_attribute_says(
    world: World, provider: Provider
) -> None:
    alice = member(world, "alice", f"alice@{DOMAIN}")
    set_user_management(OPERATOR, world.organization, mode=UserManagement.SAML)
    provider.sign_in(browser(), alice.email, attributes={"roles": ("pinecone:OrgMember",)})
    assert roles_of(alice) == {"OrgMember", "OrgOwner"}


def test_groups_stand_for_roles_below_the_owners(world: World, provider: Provider) -> None:
    set_user_management(OPERATOR, world.organization, mode=UserManagement.SAML)
    provider.rule(groups_attribute="groups", group_roles={"eng": "pinecone:OrgManager"})
    provider.sign_in(browser(), attributes={"groups": ("eng", "all")})
    assert roles_of(person()) == {"OrgManager"}


def test_the_attribute_gives_nothing_where_roles_are_managed_here(
    world: World, provider: Provider
) -> None:
    provider.sign_in(browser(), attributes={"roles": ("pinecone:OrgOwner",)})
    assert roles_of(person()) == {"OrgMember"}


def test_another_browser_cannot_finish_a_sign_on(world: World, provider: Provider) -> None:
    mine, theirs = browser(), browser()
    request = provider.begin(mine)
    provider.begin(theirs)
    answer = provider.arrive(theirs, provider.response(request=request))
    assert fault_of(answer) == Fault.BROWSER
    assert not is_in(theirs, world)


def test_a_response_is_taken_once(world: World, provider: Provider) -> None:
    tab = browser()
    request = provider.begin(tab)
    sent = provider.response(request=request)
    assert provider.arrive(tab, sent).status_code == 302
    assert fault_of(provider.arrive(browser(), sent)) == Fault.REQUEST_MISMATCH


def test_a_response_that_began_there_is_taken_once_even_from_twenty_threads(
    world: World, provider: Provider
) -> None:
    provider.rule(may_start_at_idp=True)
    sent = provider.response()
    tabs = [browser() for _ in range(20)]
    answers = together([lambda tab=tab: provider.arrive(tab, sent) for tab in tabs])
    assert sorted(one.status_code for one in answers) == [302] + [401] * 19
    assert [is_in(tab, world) for tab in tabs].count(True) == 1
    assert SsoSession.objects.using("system").count() == 1


def test_one_arrival_makes_one_session_even_from_twenty_threads(
    world: World, provider: Provider
) -> None:
    provider.rule(may_start_at_idp=True)
    stranger = browser()
    there = stranger.post(provider.acs, {"SAMLResponse": provider.response()})["Location"]
    tabs = [browser() for _ in range(20)]
    answers = together([lambda tab=tab: tab.get(there) for tab in tabs])
    assert sorted(one.status_code for one in answers) == [302] + [401] * 19
    assert SsoSession.objects.using("system").count() == 1


def test_the_provider_may_begin_only_where_it_is_allowed_to(
    world: World, provider: Provider
) -> None:
    assert fault_of(provider.arrive(browser(), provider.response())) == Fault.UNSOLICITED
    provider.rule(may_start_at_idp=True)
    tab = browser()
    there = f"/o/{world.organization.slug}/roles"
    answer = provider.arrive(tab, provider.response(), RelayState=there)
    assert answer["Location"] == there
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = provider.arrive(browser(), provider.response(), RelayState=evil)
        assert answer["Location"] == "/"


def test_a_session_ends_with_its_day_its_connection_and_its_plan(
    world: World, provider: Provider
) -> None:
    def signed_in() -> Client:
        tab = browser()
        provider.sign_in(tab)
        assert is_in(tab, world)
        return tab

    tab = signed_in()
    ends = SsoSession.objects.using("system").get().expires_at
    assert ends <= clock.now() + timedelta(hours=24)
    assert Session.objects.get(session_key=tab.session.session_key).expire_date <= ends
    with tenant(world.organization.pk):
        SsoSession.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    answer = tab.get(f"/o/{world.organization.slug}")
    assert answer["Location"].startswith(f"{provider.base}/login?next=")
    assert not is_in(tab, world)

    tab = signed_in()
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    assert not is_in(tab, world)
    assert fault_of(tab.get(f"{provider.base}/login")) == Fault.PLAN
    set_plan(OPERATOR, world.organization, plan=Plan.ENTERPRISE)

    tab = signed_in()
    disable_connection(OPERATOR, provider.connection)
    assert not is_in(tab, world)
    assert fault_of(tab.get(f"{provider.base}/login")) == Fault.CONNECTION_INACTIVE


def test_the_providers_own_end_of_the_session_counts(world: World, provider: Provider) -> None:
    until = clock.now().replace(microsecond=0) + timedelta(hours=2)
    provider.sign_in(browser(), session_until=until)
    assert SsoSession.objects.using("system").get().expires_at == until


def test_a_closed_organization_lets_nobody_in(world: World, provider: Provider) -> None:
    tab = browser()
    request = provider.begin(tab)
    suspend_organization(OPERATOR, world.organization)
    answer = provider.arrive(tab, provider.response(request=request))
    assert fault_of(answer) == Fault.ORGANIZATION_CLOSED


def test_a_disabled_connection_takes_nothing(world: World, provider: Provider) -> None:
    tab = browser()
    request = provider.begin(tab)
    disable_connection(OPERATOR, provider.connection)
    answer = provider.arrive(tab, provider.response(request=request))
    assert fault_of(answer) == Fault.CONNECTION_INACTIVE


def test_a_refusal_is_named_and_recorded(world: World, provider: Provider) -> None:
    answer = provider.sign_in(browser(), by=signer("else"))
    assert fault_of(answer) == Fault.SIGNATURE_INVALID
    event = last_event()
    assert (event.action, event.outcome) == ("sso.signed_in", "failure")
    assert event.parameters["fault"] == "signature_invalid"
    assert event.organization_id == world.organization.pk
    assert event.request_id in answer.content.decode()


def test_no_forgery_gets_past_the_mounted_address(world: World, provider: Provider) -> None:
    """A sample of the forgeries made by rule, and rubbish: none gets in, none is our fault."""
    forged = [xml for _, xml in (*list(wrappings())[::9], *list(response_wrappings())[::3])]
    forged += [xml for _, xml in flips(40, seed=11)]
    forged += [b"", b"<a/>", b"\0", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"A" * 400_000]
    from tests.sso.factory import encoded

    sent = [*(encoded(xml) for xml in forged), "%%%", "é", ""]
    for one in sent:
        answer = browser().post(provider.acs, {"SAMLResponse": one})
        assert answer.status_code in {401, 429}, answer.status_code
    assert not Arrival.objects.using("system").exists()
    assert len(sent) > 70


def test_an_arrival_is_found_whoever_it_belongs_to(world: World, provider: Provider) -> None:
    """Crosses tenants: find_arrival is asked before anybody has signed in."""
    provider.rule(may_start_at_idp=True)
    there = browser().post(provider.acs, {"SAMLResponse": provider.response()})["Location"]
    token = there.partition("token=")[2]
    found = find_arrival(token)
    assert found is not None
    assert found.organization_id == world.organization.pk
    assert find_arrival(token[:-1]) is None


def test_the_way_is_found_by_address_and_by_organization(world: World, provider: Provider) -> None:
    tab = browser()
    page = tab.post("/sso/start", {"email": NEWCOMER, "next": "/account"}).content.decode()
    assert f'content="0;url={provider.base}/login?next=%2Faccount"' in page
    assert tab.post("/sso/start", {"email": "x@nowhere.example"}).status_code == 404
    answer = tab.get(f"/sso/{world.organization.slug}/start")
    assert answer["Location"].startswith(f"{provider.base}/login")
    assert tab.get(f"/sso/{world.elsewhere.slug}/start").status_code == 404
    assert tab.get("/sso/nobody/start").status_code == 404


def test_our_metadata_is_signed_and_names_the_connection(provider: Provider) -> None:
    answer = browser().get(f"{provider.base}/metadata")
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    text = answer.content.decode()
    assert f'entityID="http://127.0.0.1:8080{provider.base}/metadata"' in text
    assert "SignatureValue" in text
    assert "PRIVATE" not in text


def test_a_form_takes_the_request_where_the_provider_wants_one(
    world: World, provider: Provider
) -> None:
    provider.rule(binding="post")
    answer = browser().get(f"{provider.base}/login")
    assert 'action="https://idp.example.org/sso"' in answer.content.decode()
    assert "form-action 'self' https://idp.example.org" in answer["Content-Security-Policy"]


def test_a_project_made_later_counts_in_the_attribute(world: World, provider: Provider) -> None:
    set_user_management(OPERATOR, world.organization, mode=UserManagement.SAML)
    project = create_project(OPERATOR, world.organization, name="Later")
    named = f"pinecone:project:{project.pk}:ProjectViewer"
    provider.sign_in(browser(), attributes={"roles": ("pinecone:OrgMember", named)})
    held = RoleBinding.objects.using("system").filter(principal_id=person().pk)
    assert {one.resource_id for one in held} == {project.pk, world.organization.pk}
    assert Membership.objects.using("system").filter(user=person()).count() == 1
