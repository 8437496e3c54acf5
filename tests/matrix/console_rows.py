"""The matrix' rows of the console: what each method of each page needs."""

from tests.matrix.reference import (
    ANYONE,
    BILLING_READ,
    BILLING_WRITE,
    CONTROL_READ,
    CONTROL_WRITE,
    OPERATE,
    ORGANIZATION_ADMINISTER,
    ORGANIZATION_READ,
    PROJECT_CREATE,
    PROJECT_READ,
    RECORDS_READ,
    RECORDS_WRITE,
    SETTINGS_READ,
    SETTINGS_WRITE,
    SIGNED_IN,
)
from tests.matrix.rows import METHODS, Row, Rows

_P = "o/<slug:organization>/p/<slug:project>"

_WAYS_IN: Rows = {
    "GET setup": Row(ANYONE, 404),
    "POST setup": Row(ANYONE, 404, {"token": "made up"}),
    "GET signin": Row(ANYONE, 200, signed_in=302),
    "POST signin": Row(ANYONE, 200, {"email": ""}),
    "GET signin/mfa": Row(ANYONE, 302),
    "POST signin/mfa": Row(ANYONE, 302, {"code": "000000"}),
    "POST signin/passkey": Row(ANYONE, 401),
    "GET signin/passkey/options": Row(ANYONE, 200),
    "POST signout": Row(ANYONE, 302, ends_session=True),
    "GET signup": Row(ANYONE, 403, signed_in=302),
    "POST signup": Row(ANYONE, 403, {"email": ""}, signed_in=302, denied_events=0),
    "GET verify/account/<str:token>": Row(ANYONE, 404),
    "GET verify/address/<str:token>": Row(ANYONE, 404),
    "POST verify/address/<str:token>": Row(ANYONE, 404),
    "GET reset": Row(ANYONE, 200),
    "POST reset": Row(ANYONE, 200, {"email": ""}),
    "GET reset/<str:token>": Row(ANYONE, 404),
    "POST reset/<str:token>": Row(ANYONE, 404, {"password": "another long passphrase"}),
    "GET invite/<str:token>": Row(ANYONE, 404),
    "POST invite/<str:token>": Row(ANYONE, 404),
    "POST theme": Row(ANYONE, 302),
    "GET sso/start": Row(ANYONE, 200),
    "POST sso/start": Row(ANYONE, 200, {"email": ""}),
    "GET sso/<slug:organization>/start": Row(ANYONE, 404),
    "GET sso/saml/<uuid:connection_id>/metadata": Row(ANYONE, 404),
    "GET sso/saml/<uuid:connection_id>/login": Row(ANYONE, 404),
    "POST sso/saml/<uuid:connection_id>/acs": Row(ANYONE, 404, {"SAMLResponse": "x"}),
    "GET sso/saml/<uuid:connection_id>/finish": Row(ANYONE, 404),
    "GET sso/saml/<uuid:connection_id>/slo": Row(ANYONE, 404),
    "POST sso/saml/<uuid:connection_id>/slo": Row(ANYONE, 404),
    "GET styleguide": Row(ANYONE, 404),
    # Off, it is missing to every method: tests/console/test_trust.py.
    **{f"{method} trust": Row(ANYONE, 404) for method in METHODS},
}

# Everybody's own pages: they show and change whoever asks, and nobody else.
_ACCOUNT: Rows = {
    "GET confirm": Row(SIGNED_IN, 200),
    "POST confirm": Row(SIGNED_IN, 200, {"password": ""}),
    "GET account": Row(SIGNED_IN, 200),
    "POST account": Row(SIGNED_IN, 422, {"name": "x" * 300}),
    "GET account/email": Row(SIGNED_IN, 200),
    "POST account/email": Row(SIGNED_IN, 422, {"email": ""}),
    "GET account/password": Row(SIGNED_IN, 200),
    "POST account/password": Row(SIGNED_IN, 422, {"password": ""}),
    "GET account/mfa": Row(SIGNED_IN, 200),
    "GET account/mfa/app": Row(SIGNED_IN, 200),
    "POST account/mfa/app": Row(SIGNED_IN, 200, {"code": ""}),
    "GET account/mfa/passkey": Row(SIGNED_IN, 200),
    "POST account/mfa/passkey": Row(SIGNED_IN, 422, {"name": ""}),
    "GET account/mfa/codes": Row(SIGNED_IN, 200),
    "POST account/mfa/codes": Row(SIGNED_IN, 409),
    "GET account/mfa/<int:factor_id>/remove": Row(SIGNED_IN, 404),
    "POST account/mfa/<int:factor_id>/remove": Row(SIGNED_IN, 404),
    "GET account/sessions": Row(SIGNED_IN, 200),
    "POST account/sessions/end": Row(SIGNED_IN, 302),
    "POST account/sessions/<int:session_id>/end": Row(SIGNED_IN, 404),
    "GET account/activity": Row(SIGNED_IN, 200),
}

_T = "operator/organizations/<slug:organization>"
_OPERATOR: Rows = {
    "GET operator": Row(OPERATE, 200),
    "GET operator/nodes": Row(OPERATE, 200),
    "GET operator/organizations": Row(OPERATE, 200),
    f"GET {_T}": Row(OPERATE, 200),
    f"POST {_T}/plan": Row(OPERATE, 422, {"plan": "Golden"}),
    f"POST {_T}/caps": Row(OPERATE, 422, {"read": "many"}),
    f"POST {_T}/support": Row(OPERATE, 422, {"reason": ""}),
    f"POST {_T}/support/enter": Row(OPERATE, 404),
    "POST operator/support/leave": Row(OPERATE, 302),
    f"POST {_T}/suspend": Row(OPERATE, 422, {"reason": ""}),
    f"POST {_T}/resume": Row(OPERATE, 302),
    "GET operator/jobs": Row(OPERATE, 200),
    "POST operator/jobs/<slug:kind>/<uuid:job_id>/cancel": Row(OPERATE, 409),  # it is done
    "GET operator/settings": Row(OPERATE, 200),
    "POST operator/settings/try/<slug:part>": Row(OPERATE, 404),
    "GET operator/diagnostics": Row(OPERATE, 200),
    "POST operator/diagnostics/check": Row(OPERATE, 302),
}

_ORGANIZATION: Rows = {
    "GET ": Row(SIGNED_IN, 302, homeless=200),
    "GET organizations/new": Row(SIGNED_IN, 403, denied_events=0),
    "POST organizations/new": Row(SIGNED_IN, 403, {"name": "Ash"}, denied_events=0),
    "GET o/-": Row(SIGNED_IN, 302, homeless=200),
    "GET o/-/": Row(SIGNED_IN, 302, homeless=200),
    "GET o/-/<path:rest>": Row(SIGNED_IN, 302, homeless=200),
    "GET o/<slug:organization>": Row(ORGANIZATION_READ, 200),
    "GET o/<slug:organization>/find": Row(ORGANIZATION_READ, 200),
    "GET o/<slug:organization>/roles": Row(ORGANIZATION_READ, 200),
    "POST o/<slug:organization>/roles": Row(ORGANIZATION_READ, 422, {"who": ""}, denied_events=0),
    "GET o/<slug:organization>/billing": Row(BILLING_READ, 200),
    "GET o/<slug:organization>/billing/statement": Row(BILLING_READ, 200),
    "GET o/<slug:organization>/billing/contact": Row(BILLING_WRITE, 200),
    "POST o/<slug:organization>/billing/contact": Row(BILLING_WRITE, 422, {"email": "no address"}),
    "GET o/<slug:organization>/compliance": Row(ORGANIZATION_ADMINISTER, 200),
    "POST o/<slug:organization>/compliance/export": Row(ORGANIZATION_ADMINISTER, 200),
    "GET o/<slug:organization>/quotas": Row(BILLING_READ, 200),
    "GET o/<slug:organization>/projects": Row(ORGANIZATION_READ, 200),
    "GET o/<slug:organization>/projects/new": Row(PROJECT_CREATE, 200),
    "POST o/<slug:organization>/projects/new": Row(PROJECT_CREATE, 422, {"name": ""}),
}

_X = "o/<slug:organization>/service-accounts"
_Y = f"{_X}/<uuid:service_account_id>"
_SERVICE_ACCOUNTS: Rows = {
    f"GET {_X}": Row(ORGANIZATION_ADMINISTER, 200),
    f"GET {_X}/new": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_X}/new": Row(ORGANIZATION_ADMINISTER, 422, {"name": ""}),
    f"GET {_Y}": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_Y}/name": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_Y}/name": Row(ORGANIZATION_ADMINISTER, 404, {"name": "robot"}),
    f"GET {_Y}/rotate": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_Y}/rotate": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_Y}/delete": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_Y}/delete": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_Y}/secrets/new": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_Y}/secrets/new": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_Y}/secrets/<uuid:secret_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_Y}/secrets/<uuid:secret_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
}

_E = "o/<slug:organization>/settings"
_SETTINGS: Rows = {
    f"GET {_E}": Row(ORGANIZATION_READ, 200),
    f"GET {_E}/name": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_E}/name": Row(ORGANIZATION_ADMINISTER, 422, {"name": ""}),
    f"GET {_E}/retention": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_E}/retention": Row(ORGANIZATION_ADMINISTER, 422, {"metrics": "never"}),
    f"GET {_E}/networks": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_E}/networks": Row(ORGANIZATION_ADMINISTER, 422, {"people": "nowhere"}),
    f"GET {_E}/support": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_E}/support": Row(ORGANIZATION_ADMINISTER, 422, {"hours": "4"}),
    f"POST {_E}/support/end": Row(ORGANIZATION_ADMINISTER, 302),
    f"GET {_E}/leave": Row(ORGANIZATION_READ, 200),
    f"POST {_E}/leave": Row(ORGANIZATION_READ, 422, {"confirmation": "no"}),
    f"GET {_E}/delete": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_E}/delete": Row(ORGANIZATION_ADMINISTER, 422, {"confirmation": "no"}),
}

_D = "o/<slug:organization>/directory"
_DIRECTORY: Rows = {
    f"GET {_D}": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_D}/decide": Row(ORGANIZATION_ADMINISTER, 422, {"mode": "fate"}),
    f"GET {_D}/tokens/new": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_D}/tokens/new": Row(ORGANIZATION_ADMINISTER, 422, {"name": ""}),
    f"GET {_D}/tokens/<uuid:token_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_D}/tokens/<uuid:token_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_D}/groups/<uuid:group_id>/roles": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_D}/groups/<uuid:group_id>/roles": Row(ORGANIZATION_ADMINISTER, 404, {"roles": "x"}),
}

_S = "o/<slug:organization>/sso"
_C = f"{_S}/<uuid:connection>"
_A = ORGANIZATION_ADMINISTER

_SSO: Rows = {
    f"GET {_S}": Row(_A, 200),
    f"POST {_S}/domains": Row(_A, 422, {"domain": ""}),
    f"POST {_S}/domains/<uuid:domain>": Row(_A, 422, {"act": "none"}),
    f"POST {_S}/connections": Row(_A, 422, {"name": ""}),
    f"GET {_C}": Row(_A, 200),
    f"POST {_C}/url": Row(_A, 422, {"url": "no address"}),
    f"POST {_C}/metadata": Row(_A, 422, {"metadata": "no metadata"}),
    f"POST {_C}/provider": Row(_A, 422, {"entity_id": ""}),
    f"POST {_C}/rules": Row(_A, 422, {"binding": "pigeon"}),
    f"POST {_C}/certificates": Row(_A, 422, {"certificate": "none"}),
    f"POST {_C}/certificates/<uuid:certificate>/retire": Row(_A, 404),
    f"POST {_C}/act": Row(_A, 422, {"act": "none"}),
    f"POST {_C}/test": Row(_A, 401),
    f"GET {_C}/tests/<uuid:test>": Row(_A, 404),
}

_M = "o/<slug:organization>/members"
_MEMBERS: Rows = {
    f"GET {_M}": Row(ORGANIZATION_READ, 200),
    f"GET {_M}/invite": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_M}/invite": Row(ORGANIZATION_ADMINISTER, 422, {"emails": ""}),
    f"GET {_M}/<uuid:user_id>/roles": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_M}/<uuid:user_id>/roles": Row(ORGANIZATION_ADMINISTER, 404, {"roles": "OrgOwner"}),
    f"GET {_M}/<uuid:user_id>/remove": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_M}/<uuid:user_id>/remove": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_M}/invitations/<uuid:invitation_id>/resend": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_M}/invitations/<uuid:invitation_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_M}/invitations/<uuid:invitation_id>/revoke": Row(ORGANIZATION_ADMINISTER, 404),
}


def _webhooks(at: str, right: str) -> Rows:
    hook = f"{at}/<uuid:webhook_id>"
    delivery = f"{hook}/deliveries/<uuid:delivery_id>"
    return {
        f"GET {at}": Row(right, 200),
        f"GET {at}/new": Row(right, 200),
        f"POST {at}/new": Row(right, 422, {"name": ""}),
        f"GET {hook}": Row(right, 404),
        f"GET {hook}/edit": Row(right, 404),
        f"POST {hook}/edit": Row(right, 404, {"name": "new"}),
        f"GET {hook}/rotate": Row(right, 404),
        f"POST {hook}/rotate": Row(right, 404, {"overlap": "24"}),
        f"POST {hook}/switch": Row(right, 404),
        f"POST {hook}/test": Row(right, 404),
        f"GET {hook}/delete": Row(right, 404),
        f"POST {hook}/delete": Row(right, 404),
        f"GET {delivery}": Row(right, 404),
        f"POST {delivery}/redeliver": Row(right, 404),
    }


_L = "o/<slug:organization>/audit"
_T = f"{_L}/streams/<uuid:stream_id>"
_AUDIT: Rows = {
    f"GET {_L}": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_L}/export": Row(ORGANIZATION_ADMINISTER, 400, {"format": "xml"}),
    f"POST {_L}/verify": Row(ORGANIZATION_ADMINISTER, 200, denied_events=0),
    f"GET {_L}/streams": Row(ORGANIZATION_ADMINISTER, 200),
    f"GET {_L}/streams/new": Row(ORGANIZATION_ADMINISTER, 200),
    f"GET {_L}/streams/new/<slug:receiver>": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_L}/streams/new/<slug:receiver>": Row(ORGANIZATION_ADMINISTER, 422, {"name": ""}),
    f"GET {_T}": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_T}/test": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_T}/switch": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_T}/rewind": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_T}/rewind": Row(ORGANIZATION_ADMINISTER, 404, {"from_sequence": "1"}),
    f"GET {_T}/delete": Row(ORGANIZATION_ADMINISTER, 404),
    f"POST {_T}/delete": Row(ORGANIZATION_ADMINISTER, 404),
    f"GET {_L}/<uuid:event_id>": Row(ORGANIZATION_ADMINISTER, 404),
}

# The index is not ready, so that its pages stand without records.
_I = f"{_P}/indexes/<str:name>"
_INDEX: Rows = {
    f"GET {_I}": Row(CONTROL_READ, 200),
    f"POST {_I}/sample": Row(RECORDS_WRITE, 503),
    f"GET {_I}/browse": Row(RECORDS_READ, 200),
    f"GET {_I}/browse/record": Row(RECORDS_READ, 404),
    f"POST {_I}/browse/record": Row(RECORDS_WRITE, 422, {"metadata": "no"}),
    f"GET {_I}/browse/delete": Row(RECORDS_WRITE, 200),
    f"POST {_I}/browse/delete": Row(RECORDS_WRITE, 422),
    f"GET {_I}/query": Row(RECORDS_READ, 200),
    f"POST {_I}/query": Row(RECORDS_READ, 422, {"top_k": "0"}, denied_events=0),
    f"GET {_I}/map": Row(RECORDS_READ, 200),
    f"GET {_I}/metrics": Row(CONTROL_READ, 200),
    f"GET {_I}/namespaces": Row(RECORDS_READ, 200),
    f"GET {_I}/namespaces/new": Row(RECORDS_WRITE, 200),
    f"POST {_I}/namespaces/new": Row(RECORDS_WRITE, 422, {"name": ""}),
    f"GET {_I}/namespaces/delete": Row(RECORDS_WRITE, 200),
    f"POST {_I}/namespaces/delete": Row(RECORDS_WRITE, 422, {"confirmation": "no"}),
    f"GET {_I}/namespaces/empty": Row(RECORDS_WRITE, 200),
    f"POST {_I}/namespaces/empty": Row(RECORDS_WRITE, 422, {"confirmation": "no"}),
    f"GET {_I}/imports": Row(RECORDS_READ, 200),
    f"GET {_I}/imports/new": Row(RECORDS_WRITE, 200),
    f"POST {_I}/imports/new": Row(RECORDS_WRITE, 422, {"uri": "nowhere"}),
    f"POST {_I}/imports/<uuid:import_id>/cancel": Row(RECORDS_WRITE, 404),
    f"GET {_I}/config": Row(CONTROL_READ, 200),
    f"POST {_I}/config/tags": Row(CONTROL_WRITE, 422, {"key": ""}),
    f"POST {_I}/config/capacity": Row(CONTROL_WRITE, 422, {"mode": "none"}),
    f"POST {_I}/protect": Row(CONTROL_WRITE, 302, {"is_protected": "on"}),
    f"GET {_I}/danger": Row(CONTROL_READ, 200),
    f"GET {_I}/delete": Row(CONTROL_WRITE, 200),
    f"POST {_I}/delete": Row(CONTROL_WRITE, 422, {"confirmation": "no"}),
}

_PROJECT: Rows = {
    f"GET {_P}": Row(PROJECT_READ, 200),
    f"GET {_P}/find": Row(PROJECT_READ, 200),
    f"GET {_P}/indexes": Row(CONTROL_READ, 200),
    f"GET {_P}/new-index": Row(CONTROL_WRITE, 200),
    f"POST {_P}/new-index": Row(CONTROL_WRITE, 200, {"name": ""}),
    f"GET {_P}/new-index/call": Row(PROJECT_READ, 200),
    f"GET {_P}/indexes/new": Row(CONTROL_READ, 302),
    f"GET {_P}/indexes/<str:name>/backups": Row(CONTROL_READ, 200),
    f"GET {_P}/indexes/<str:name>/backups/new": Row(CONTROL_WRITE, 200),
    f"POST {_P}/indexes/<str:name>/backups/new": Row(CONTROL_WRITE, 422, {"name": "n" * 81}),
    f"GET {_P}/indexes/<str:name>/schedule": Row(CONTROL_WRITE, 200),
    f"POST {_P}/indexes/<str:name>/schedule": Row(CONTROL_WRITE, 422, {"frequency": "hourly"}),
    f"GET {_P}/indexes/<str:name>/schedule/delete": Row(CONTROL_WRITE, 200),
    f"POST {_P}/indexes/<str:name>/schedule/delete": Row(CONTROL_WRITE, 302, is_undone=True),
    f"GET {_P}/backups": Row(CONTROL_READ, 200),
    f"GET {_P}/backups/<uuid:backup_id>/restore": Row(CONTROL_WRITE, 200),
    f"POST {_P}/backups/<uuid:backup_id>/restore": Row(CONTROL_WRITE, 422, {"name": "movies"}),
    f"POST {_P}/backups/<uuid:backup_id>/verify": Row(CONTROL_WRITE, 409),
    f"GET {_P}/backups/<uuid:backup_id>/delete": Row(CONTROL_WRITE, 200),
    f"POST {_P}/backups/<uuid:backup_id>/delete": Row(CONTROL_WRITE, 422),
    f"GET {_P}/collections": Row(CONTROL_READ, 200),
    f"GET {_P}/new-collection": Row(CONTROL_WRITE, 200),
    f"POST {_P}/new-collection": Row(CONTROL_WRITE, 422, {"name": ""}),
    f"GET {_P}/collections/<str:collection>/index": Row(CONTROL_WRITE, 200),
    f"POST {_P}/collections/<str:collection>/index": Row(CONTROL_WRITE, 422, {"name": "movies"}),
    f"GET {_P}/collections/<str:collection>/delete": Row(CONTROL_WRITE, 200),
    f"POST {_P}/collections/<str:collection>/delete": Row(CONTROL_WRITE, 422),
    f"GET {_P}/jobs": Row(CONTROL_READ, 200),
    f"GET {_P}/jobs/<uuid:job_id>": Row(CONTROL_READ, 200),
    f"POST {_P}/jobs/<uuid:job_id>/cancel": Row(CONTROL_WRITE, 409),
    f"GET {_P}/restore-jobs": Row(CONTROL_READ, 200),
    f"POST {_P}/restore-jobs/<uuid:job_id>/cancel": Row(CONTROL_WRITE, 409),
    f"GET {_P}/keys": Row(SETTINGS_READ, 200),
    f"GET {_P}/keys/new": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/keys/new": Row(SETTINGS_WRITE, 422, {"name": ""}),
    f"GET {_P}/keys/<uuid:key_id>/roll": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/keys/<uuid:key_id>/roll": Row(SETTINGS_WRITE, 200),
    f"GET {_P}/keys/<uuid:key_id>/switch": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/keys/<uuid:key_id>/switch": Row(SETTINGS_WRITE, 302),
    f"GET {_P}/keys/<uuid:key_id>/revoke": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/keys/<uuid:key_id>/revoke": Row(SETTINGS_WRITE, 302),
    f"GET {_P}/members": Row(SETTINGS_READ, 200),
    f"GET {_P}/members/new": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/members/new": Row(SETTINGS_WRITE, 422, {"email": ""}),
    f"GET {_P}/members/<uuid:user_id>/remove": Row(SETTINGS_WRITE, 404),
    f"POST {_P}/members/<uuid:user_id>/remove": Row(SETTINGS_WRITE, 404),
    f"GET {_P}/usage": Row(CONTROL_READ, 200),
    f"GET {_P}/encryption": Row(SETTINGS_READ, 200),
    f"GET {_P}/encryption/new/<slug:kind>": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/encryption/new/<slug:kind>": Row(SETTINGS_WRITE, 422),
    f"GET {_P}/encryption/secret": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/encryption/secret": Row(SETTINGS_WRITE, 422),
    f"POST {_P}/encryption/check": Row(SETTINGS_WRITE, 302, is_undone=True),
    f"GET {_P}/encryption/disable": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/encryption/disable": Row(SETTINGS_WRITE, 422, {"confirmation": "no"}),
    f"GET {_P}/encryption/enable": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/encryption/enable": Row(SETTINGS_WRITE, 422),
    f"GET {_P}/encryption/detach": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/encryption/detach": Row(SETTINGS_WRITE, 422, {"confirmation": "no"}),
    f"GET {_P}/settings": Row(PROJECT_READ, 200),
    f"GET {_P}/settings/name": Row(SETTINGS_WRITE, 200),
    f"GET {_P}/settings/networks": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/settings/networks": Row(SETTINGS_WRITE, 422, {"data_plane": "nowhere"}),
    f"POST {_P}/settings/name": Row(SETTINGS_WRITE, 422, {"name": ""}),
    f"GET {_P}/settings/delete": Row(SETTINGS_WRITE, 200),
    f"POST {_P}/settings/delete": Row(SETTINGS_WRITE, 422, {"confirmation": "no"}),
}

_NOTICES: Rows = {
    "GET o/<slug:organization>/notices": Row(ORGANIZATION_READ, 200),
    # Chosen already: that is no act.
    "POST o/<slug:organization>/notices/mail": Row(ORGANIZATION_READ, 302, denied_events=0),
    "POST o/<slug:organization>/notices/<uuid:notice_id>/dismiss": Row(ORGANIZATION_READ, 404),
}
_WEBHOOKS: Rows = {
    **_webhooks("o/<slug:organization>/webhooks", ORGANIZATION_ADMINISTER),
    **_webhooks(f"{_P}/webhooks", SETTINGS_WRITE),
}

ROWS: Rows = {
    **_WAYS_IN, **_ACCOUNT, **_ORGANIZATION, **_DIRECTORY, **_SSO, **_MEMBERS,
    **_AUDIT, **_SERVICE_ACCOUNTS, **_SETTINGS, **_PROJECT, **_INDEX, **_WEBHOOKS, **_NOTICES,
    **_OPERATOR,
}  # fmt: skip
