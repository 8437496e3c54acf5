"""The console's addresses: `/o/<organization>/…`, `/o/<organization>/p/<project>/…`."""

from django.urls import URLPattern, URLResolver, include, path

from console.views import (
    account,
    accounts,
    audit,
    audit_streams,
    backups,
    billing,
    collections,
    compliance,
    confirm,
    directory,
    encryption,
    finder,
    founding,
    index_backups,
    index_browser,
    index_imports,
    index_map,
    index_metrics,
    index_namespaces,
    index_overview,
    index_query,
    index_settings,
    indexes,
    invitations,
    invites,
    jobs,
    key_acts,
    keys,
    members,
    networks,
    notices,
    organizations,
    passwords,
    project_members,
    project_settings,
    projects,
    restore_jobs,
    retention,
    roles,
    saml,
    second_factors,
    service_account_acts,
    service_accounts,
    settings,
    sign_up,
    single_logout,
    sso,
    sso_connection,
    styleguide,
    support,
    trust,
    webhook_acts,
    webhooks,
)
from console.views.operator import diagnostics, nodes, status
from console.views.operator import jobs as operator_jobs
from console.views.operator import organizations as operator_organizations
from console.views.operator import settings as operator_settings
from console.views.operator import support as operator_support

app_name = "console"

_HOOK = "/<uuid:webhook_id>"
_HOOKED = f"{_HOOK}/deliveries/<uuid:delivery_id>"
_WEBHOOKS = (
    ("", webhooks.listing, "webhooks"),
    ("/new", webhooks.new, "webhook_new"),
    (_HOOK, webhooks.detail, "webhook"),
    (f"{_HOOK}/edit", webhook_acts.edit, "webhook_edit"),
    (f"{_HOOK}/rotate", webhook_acts.rotate, "webhook_rotate"),
    (f"{_HOOK}/switch", webhook_acts.switch, "webhook_switch"),
    (f"{_HOOK}/test", webhook_acts.try_out, "webhook_test"),
    (f"{_HOOK}/delete", webhook_acts.delete, "webhook_delete"),
    (_HOOKED, webhook_acts.delivery, "webhook_delivery"),
    (f"{_HOOKED}/redeliver", webhook_acts.redeliver, "webhook_redeliver"),
)
_OF_ORGANIZATION: list[URLPattern] = [
    path(at, view.of_organization, name=name) for at, view, name in _WEBHOOKS
]
_OF_PROJECT: list[URLPattern] = [
    path(at, view.of_project, name=f"project_{name}") for at, view, name in _WEBHOOKS
]

_INDEX = [
    path("", index_overview.detail, name="index"),
    path("/sample", index_overview.add_sample, name="index_sample"),
    path("/browse", index_browser.browse, name="index_browse"),
    path("/browse/record", index_browser.record, name="index_record"),
    path("/browse/delete", index_browser.delete, name="index_records_delete"),
    path("/query", index_query.playground, name="index_query"),
    path("/map", index_map.page, name="index_map"),
    path("/metrics", index_metrics.page, name="index_metrics"),
    path("/namespaces", index_namespaces.listing, name="index_namespaces"),
    path("/namespaces/new", index_namespaces.new, name="namespace_new"),
    path("/namespaces/delete", index_namespaces.delete, name="namespace_delete"),
    path("/namespaces/empty", index_namespaces.empty, name="namespace_empty"),
    path("/imports", index_imports.listing, name="index_imports"),
    path("/imports/new", index_imports.new, name="import_new"),
    path("/imports/<uuid:import_id>/cancel", index_imports.cancel, name="import_cancel"),
    path("/config", index_settings.configuration, name="index_config"),
    path("/config/tags", index_settings.tag, name="index_tag"),
    path("/config/capacity", index_settings.capacity, name="index_capacity"),
    path("/protect", index_settings.protect, name="index_protect"),
    path("/danger", index_settings.danger, name="index_danger"),
    path("/delete", index_settings.delete, name="index_delete"),
]

_PROJECT: list[URLPattern | URLResolver] = [
    path("", projects.overview, name="project"),
    path("/find", finder.in_project, name="project_find"),
    path("/indexes", indexes.listing, name="indexes"),
    path("/new-index", indexes.new, name="index_new"),
    path("/new-index/call", indexes.call, name="index_call"),
    path("/indexes/new", indexes.new_or_named),
    path("/indexes/<str:name>", include(_INDEX)),
    path("/indexes/<str:name>/backups", index_backups.overview, name="index_backups"),
    path("/indexes/<str:name>/backups/new", index_backups.new, name="index_backup_new"),
    path("/indexes/<str:name>/schedule", index_backups.schedule, name="index_schedule"),
    path(
        "/indexes/<str:name>/schedule/delete",
        index_backups.schedule_delete,
        name="index_schedule_delete",
    ),
    path("/backups", backups.listing, name="backups"),
    path("/backups/<uuid:backup_id>/restore", backups.restore, name="backup_restore"),
    path("/backups/<uuid:backup_id>/verify", backups.verify, name="backup_verify"),
    path("/backups/<uuid:backup_id>/delete", backups.delete, name="backup_delete"),
    path("/collections", collections.listing, name="collections"),
    path("/new-collection", collections.new, name="collection_new"),
    path("/collections/<str:collection>/index", collections.make_index, name="collection_index"),
    path("/collections/<str:collection>/delete", collections.delete, name="collection_delete"),
    path("/restore-jobs", restore_jobs.listing, name="restore_jobs"),
    path("/restore-jobs/<uuid:job_id>/cancel", restore_jobs.cancel, name="restore_job_cancel"),
    path("/jobs", jobs.listing, name="jobs"),
    path("/jobs/<uuid:job_id>", jobs.detail, name="job"),
    path("/jobs/<uuid:job_id>/cancel", jobs.cancel, name="job_cancel"),
    path("/keys", keys.listing, name="keys"),
    path("/keys/new", keys.new, name="key_new"),
    path("/keys/<uuid:key_id>/roll", key_acts.roll, name="key_roll"),
    path("/keys/<uuid:key_id>/switch", key_acts.switch, name="key_switch"),
    path("/keys/<uuid:key_id>/revoke", key_acts.revoke, name="key_revoke"),
    path("/webhooks", include(_OF_PROJECT)),
    path("/members", project_members.listing, name="project_members"),
    path("/members/new", project_members.new, name="project_member_new"),
    path("/members/<uuid:user_id>/remove", project_members.remove, name="project_member_remove"),
    path("/usage", billing.of_project, name="project_usage"),
    path("/encryption", encryption.overview, name="encryption"),
    path("/encryption/new/<slug:kind>", encryption.attach, name="encryption_attach"),
    path("/encryption/secret", encryption.update, name="encryption_update"),
    path("/encryption/check", encryption.check, name="encryption_check"),
    path("/encryption/disable", encryption.disable, name="encryption_disable"),
    path("/encryption/enable", encryption.enable, name="encryption_enable"),
    path("/encryption/detach", encryption.detach, name="encryption_detach"),
    path("/settings", project_settings.overview, name="project_settings"),
    path("/settings/name", project_settings.rename, name="project_rename"),
    path("/settings/networks", networks.of_project, name="project_networks"),
    path("/settings/delete", project_settings.delete, name="project_delete"),
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
    path("/slo", single_logout.slo, name="saml_slo"),
]

_CONNECTION = "/<uuid:connection>"
_SSO = [
    path("", sso.overview, name="sso"),
    path("/domains", sso.domain_new, name="sso_domain_new"),
    path("/domains/<uuid:domain>", sso.domain_act, name="sso_domain"),
    path("/connections", sso.connection_new, name="sso_connection_new"),
    path(f"{_CONNECTION}", sso_connection.detail, name="sso_connection"),
    path(f"{_CONNECTION}/url", sso_connection.metadata_url, name="sso_metadata_url"),
    path(f"{_CONNECTION}/metadata", sso_connection.metadata_xml, name="sso_metadata_xml"),
    path(f"{_CONNECTION}/provider", sso_connection.provider, name="sso_provider"),
    path(f"{_CONNECTION}/rules", sso_connection.rules, name="sso_rules"),
    path(f"{_CONNECTION}/certificates", sso_connection.certificate_new, name="sso_certificate_new"),
    path(
        f"{_CONNECTION}/certificates/<uuid:certificate>/retire",
        sso_connection.certificate_retire,
        name="sso_certificate_retire",
    ),
    path(f"{_CONNECTION}/act", sso_connection.connection_act, name="sso_act"),
    path(f"{_CONNECTION}/test", sso_connection.test, name="sso_test_begin"),
    path(f"{_CONNECTION}/tests/<uuid:test>", sso_connection.tested, name="sso_test"),
]

_DIRECTORY = [
    path("", directory.overview, name="directory"),
    path("/decide", directory.decide, name="directory_decide"),
    path("/tokens/new", directory.token_new, name="scim_token_new"),
    path("/tokens/<uuid:token_id>/revoke", directory.token_revoke, name="scim_token_revoke"),
    path("/groups/<uuid:group_id>/roles", directory.group_roles, name="directory_group_roles"),
]

_MEMBERS = [
    path("", members.listing, name="members"),
    path("/invite", invites.new, name="invite_new"),
    path("/<uuid:user_id>/roles", members.roles, name="member_roles"),
    path("/<uuid:user_id>/remove", members.remove, name="member_remove"),
    path("/invitations/<uuid:invitation_id>/resend", invites.resend, name="invite_resend"),
    path("/invitations/<uuid:invitation_id>/revoke", invites.revoke, name="invite_revoke"),
]

_STREAM = "/<uuid:stream_id>"
_STREAMS = [
    path("", audit_streams.listing, name="audit_streams"),
    path("/new", audit_streams.choose, name="audit_stream_new"),
    path("/new/<slug:receiver>", audit_streams.new, name="audit_stream_new_kind"),
    path(_STREAM, audit_streams.detail, name="audit_stream"),
    path(f"{_STREAM}/test", audit_streams.try_out, name="audit_stream_test"),
    path(f"{_STREAM}/switch", audit_streams.switch, name="audit_stream_switch"),
    path(f"{_STREAM}/rewind", audit_streams.rewind, name="audit_stream_rewind"),
    path(f"{_STREAM}/delete", audit_streams.delete, name="audit_stream_delete"),
]

_AUDIT: list[URLPattern | URLResolver] = [
    path("", audit.listing, name="audit"),
    path("/export", audit.export, name="audit_export"),
    path("/verify", audit.verify, name="audit_verify"),
    path("/streams", include(_STREAMS)),
    path("/<uuid:event_id>", audit.event, name="audit_event"),
]

_ACCOUNT_ID = "/<uuid:service_account_id>"
_SERVICE_ACCOUNTS = [
    path("", service_accounts.listing, name="service_accounts"),
    path("/new", service_accounts.new, name="service_account_new"),
    path(_ACCOUNT_ID, service_accounts.detail, name="service_account"),
    path(f"{_ACCOUNT_ID}/name", service_account_acts.rename, name="service_account_rename"),
    path(f"{_ACCOUNT_ID}/rotate", service_account_acts.rotate, name="service_account_rotate"),
    path(f"{_ACCOUNT_ID}/delete", service_account_acts.delete, name="service_account_delete"),
    path(
        f"{_ACCOUNT_ID}/secrets/new",
        service_account_acts.secret_new,
        name="service_account_secret_new",
    ),
    path(
        f"{_ACCOUNT_ID}/secrets/<uuid:secret_id>/revoke",
        service_account_acts.secret_revoke,
        name="service_account_secret_revoke",
    ),
]

_SETTINGS = [
    path("", settings.overview, name="settings"),
    path("/name", settings.rename, name="organization_rename"),
    path("/networks", networks.of_organization, name="organization_networks"),
    path("/retention", retention.choose, name="organization_retention"),
    path("/support", support.grant, name="support_grant"),
    path("/support/end", support.end, name="support_end"),
    path("/leave", settings.leave, name="organization_leave"),
    path("/delete", settings.delete, name="organization_delete"),
]

_TENANT = "/organizations/<slug:organization>"
_OPERATOR = [
    path("", status.page, name="operator"),
    path("/nodes", nodes.page, name="operator_nodes"),
    path("/organizations", operator_organizations.listing, name="operator_organizations"),
    path(_TENANT, operator_organizations.detail, name="operator_organization"),
    path(f"{_TENANT}/plan", operator_organizations.plan, name="operator_plan"),
    path(f"{_TENANT}/caps", operator_organizations.caps, name="operator_caps"),
    path(f"{_TENANT}/support", operator_support.ask, name="operator_support"),
    path(f"{_TENANT}/support/enter", operator_support.enter, name="operator_support_enter"),
    path("/support/leave", operator_support.leave, name="operator_support_leave"),
    path(f"{_TENANT}/suspend", operator_organizations.suspend, name="operator_suspend"),
    path(f"{_TENANT}/resume", operator_organizations.resume, name="operator_resume"),
    path("/jobs", operator_jobs.listing, name="operator_jobs"),
    path(
        "/jobs/<slug:kind>/<uuid:job_id>/cancel", operator_jobs.cancel, name="operator_job_cancel"
    ),
    path("/settings", operator_settings.page, name="operator_settings"),
    path("/settings/try/<slug:part>", operator_settings.try_out, name="operator_try"),
    path("/diagnostics", diagnostics.page, name="operator_diagnostics"),
    path("/diagnostics/check", diagnostics.check, name="operator_check"),
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
    path("operator", include(_OPERATOR)),
    path("theme", accounts.theme, name="theme"),
    path("trust", trust.page, name="trust"),
    path("styleguide", styleguide.page, name="styleguide"),
    path("o/-", organizations.home),
    path("o/-/", organizations.home),
    path("o/-/<path:rest>", organizations.home),
    path("o/<slug:organization>", organizations.overview, name="organization"),
    path("o/<slug:organization>/find", finder.in_organization, name="find"),
    path("o/<slug:organization>/roles", roles.roles, name="roles"),
    path("o/<slug:organization>/members", include(_MEMBERS)),
    path("o/<slug:organization>/audit", include(_AUDIT)),
    path("o/<slug:organization>/service-accounts", include(_SERVICE_ACCOUNTS)),
    path("o/<slug:organization>/webhooks", include(_OF_ORGANIZATION)),
    path("o/<slug:organization>/settings", include(_SETTINGS)),
    path("o/<slug:organization>/directory", include(_DIRECTORY)),
    path("o/<slug:organization>/sso", include(_SSO)),
    path("o/<slug:organization>/notices", notices.listing, name="notices"),
    path("o/<slug:organization>/notices/mail", notices.mail, name="notices_mail"),
    path(
        "o/<slug:organization>/notices/<uuid:notice_id>/dismiss",
        notices.dismiss,
        name="notice_dismiss",
    ),
    path("o/<slug:organization>/billing", billing.overview, name="billing"),
    path("o/<slug:organization>/billing/contact", billing.contact, name="billing_contact"),
    path("o/<slug:organization>/billing/statement", billing.download, name="statement"),
    path("o/<slug:organization>/compliance", compliance.page, name="compliance"),
    path("o/<slug:organization>/compliance/export", compliance.export, name="compliance_export"),
    path("o/<slug:organization>/quotas", billing.quotas, name="quotas"),
    path("o/<slug:organization>/projects", projects.listing, name="projects"),
    path("o/<slug:organization>/projects/new", projects.new, name="project_new"),
    path("o/<slug:organization>/p/<slug:project>", include(_PROJECT)),
]
