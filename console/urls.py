"""The console's addresses: `/o/<organization>/…`, `/o/<organization>/p/<project>/…`."""

from django.urls import include, path

from console.views import accounts, indexes, keys, organizations, projects, styleguide

app_name = "console"

_PROJECT = [
    path("", projects.overview, name="project"),
    path("/indexes", indexes.listing, name="indexes"),
    path("/new-index", indexes.new, name="index_new"),
    path("/new-index/call", indexes.call, name="index_call"),
    path("/indexes/new", indexes.new_or_named),
    path("/indexes/<str:name>", indexes.detail, name="index"),
    path("/indexes/<str:name>/protect", indexes.protect, name="index_protect"),
    path("/indexes/<str:name>/delete", indexes.delete, name="index_delete"),
    path("/keys", keys.listing, name="keys"),
    path("/keys/new", keys.new, name="key_new"),
    path("/keys/<uuid:key_id>/revoke", keys.revoke, name="key_revoke"),
]

urlpatterns = [
    path("", organizations.home, name="home"),
    path("setup", accounts.setup, name="setup"),
    path("signin", accounts.signin, name="signin"),
    path("signout", accounts.signout, name="signout"),
    path("theme", accounts.theme, name="theme"),
    path("styleguide", styleguide.page, name="styleguide"),
    path("o/-", organizations.home),
    path("o/-/", organizations.home),
    path("o/-/<path:rest>", organizations.home),
    path("o/<slug:organization>", organizations.overview, name="organization"),
    path("o/<slug:organization>/roles", organizations.roles, name="roles"),
    path("o/<slug:organization>/projects/new", projects.new, name="project_new"),
    path("o/<slug:organization>/p/<slug:project>", include(_PROJECT)),
]
