"""The console's addresses: `/o/<organization>/…`, `/o/<organization>/p/<project>/…`."""

from django.urls import include, path

from console.views import (
    account,
    accounts,
    billing,
    confirm,
    directory,
    founding,
    indexes,
    invitations,
    key_acts,
    keys,
    organizations,
    passwords,
    projects,
    roles,
    saml,
    second_factors,
    sign_up,
    styleguide,
)

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
    path("/keys/<uuid:key_id>/roll", key_acts.roll, name="key_roll"),
    path("/keys/<uuid:key_id>/switch", key_acts.switch, name="key_switch"),
    path("/keys/<uuid:key_id>/revoke", key_acts.revoke, name="key_revoke"),
]

_ACCOUNT = [
    path("", account.profile, name="account"),
    path("/email", account.email, name="account_email"),
    path("/password", account.password, name="account_password"),
    path("/mfa", second_factors.overview, name="account_factors"),
    path("/mfa/app", second_factors.app_new, name="factor_app"),
    path("/mfa/passkey", second_factors.passkey_new, name="factor_passkey"),
    path("/mfa/codes", second_factors.codes_new, name="factor_codes"),
    path("/mfa/<int:factor_id>/remove", second_factors.remove, name="factor_remove"),
    path("/sessions", account.sessions, name="account_sessions"),
    path("/sessions/end", account.sessions_end, name="sessions_end"),
    path("/sessions/<int:session_id>/end", account.session_end, name="session_end"),
    path("/activity", account.activity, name="account_activity"),
]

_SAML = [
    path("/metadata", saml.metadata, name="saml_metadata"),
    path("/login", saml.login, name="saml_login"),
    path("/acs", saml.acs, name="saml_acs"),
    path("/finish", saml.finish, name="saml_finish"),
]

_DIRECTORY = [
    path("", directory.overview, name="directory"),
    path("/decide", directory.decide, name="directory_decide"),
    path("/tokens/new", directory.token_new, name="scim_token_new"),
    path("/tokens/<uuid:token_id>/revoke", directory.token_revoke, name="scim_token_revoke"),
    path("/groups/<uuid:group_id>/roles", directory.group_roles, name="directory_group_roles"),
]

urlpatterns = [
    path("", organizations.home, name="home"),
    path("organizations/new", founding.new, name="organization_new"),
    path("setup", accounts.setup, name="setup"),
    path("signin", accounts.signin, name="signin"),
    path("signin/mfa", accounts.second_factor, name="second_factor"),
    path("signin/passkey", accounts.passkey, name="passkey"),
    path("signin/passkey/options", accounts.passkey_options, name="passkey_options"),
    path("sso/start", saml.start, name="sso_start"),
    path("sso/<slug:organization>/start", saml.start_at, name="sso_start_at"),
    path("sso/saml/<uuid:connection_id>", include(_SAML)),
    path("signout", accounts.signout, name="signout"),
    path("signup", sign_up.signup, name="signup"),
    path("verify/account/<str:token>", sign_up.verify_account, name="verify_account"),
    path("verify/address/<str:token>", account.verify_address, name="verify_address"),
    path("invite/<str:token>", invitations.invite, name="invite"),
    path("reset", passwords.reset, name="reset"),
    path("reset/<str:token>", passwords.reset_by_link, name="reset_by_link"),
    path("confirm", confirm.confirm, name="confirm"),
    path("account", include(_ACCOUNT)),
    path("theme", accounts.theme, name="theme"),
    path("styleguide", styleguide.page, name="styleguide"),
    path("o/-", organizations.home),
    path("o/-/", organizations.home),
    path("o/-/<path:rest>", organizations.home),
    path("o/<slug:organization>", organizations.overview, name="organization"),
    path("o/<slug:organization>/roles", roles.roles, name="roles"),
    path("o/<slug:organization>/directory", include(_DIRECTORY)),
    path("o/<slug:organization>/billing", billing.overview, name="billing"),
    path("o/<slug:organization>/billing/contact", billing.contact, name="billing_contact"),
    path("o/<slug:organization>/billing/statement", billing.download, name="statement"),
    path("o/<slug:organization>/projects/new", projects.new, name="project_new"),
    path("o/<slug:organization>/p/<slug:project>", include(_PROJECT)),
]
