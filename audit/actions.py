"""Every act that is audited, in the past tense, with its sentence for people."""

from enum import StrEnum


class Action(StrEnum):
    """`noun.verbed`; the names are stable, exports and alerts are written against them."""

    ACCESS_TOKEN_ISSUED = "access_token.issued"  # noqa: S105 - the name of an act
    API_KEY_CREATED = "api_key.created"
    API_KEY_DISABLED = "api_key.disabled"
    API_KEY_ENABLED = "api_key.enabled"
    API_KEY_REVOKED = "api_key.revoked"
    API_KEY_ROLLED = "api_key.rolled"
    API_KEY_UPDATED = "api_key.updated"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_KEY_ROTATED = "audit.key_rotated"
    AUDIT_RESTORED = "audit.restored"
    AUDIT_STREAM_CREATED = "audit_stream.created"
    AUDIT_STREAM_DELETED = "audit_stream.deleted"
    AUDIT_STREAM_PAUSED = "audit_stream.paused"
    AUDIT_STREAM_RESUMED = "audit_stream.resumed"
    AUDIT_STREAM_REWOUND = "audit_stream.rewound"
    AUDIT_STREAM_TESTED = "audit_stream.tested"
    AUDIT_STREAM_UPDATED = "audit_stream.updated"
    BACKUP_CREATED = "backup.created"
    BACKUP_DELETED = "backup.deleted"
    BACKUP_RESTORED = "backup.restored"
    BACKUP_SCHEDULE_CREATED = "backup_schedule.created"
    BACKUP_SCHEDULE_DELETED = "backup_schedule.deleted"
    BACKUP_SCHEDULE_UPDATED = "backup_schedule.updated"
    BACKUP_VERIFICATION_CANCELLED = "backup.verification_cancelled"
    BACKUP_VERIFICATION_STARTED = "backup.verification_started"
    INDEX_RESTORED = "index.restored"
    BILLING_CONTACT_CHANGED = "billing_contact.changed"
    COLLECTION_CREATED = "collection.created"
    COLLECTION_DELETED = "collection.deleted"
    DATA_KEY_RETIRED = "data_key.retired"
    DATA_KEY_ROTATED = "data_key.rotated"
    DIRECTORY_GROUP_CREATED = "directory_group.created"
    DIRECTORY_GROUP_DELETED = "directory_group.deleted"
    DIRECTORY_GROUP_MAPPED = "directory_group.mapped"
    DIRECTORY_GROUP_UPDATED = "directory_group.updated"
    DIRECTORY_USER_CREATED = "directory_user.created"
    DIRECTORY_USER_DEACTIVATED = "directory_user.deactivated"
    DIRECTORY_USER_DELETED = "directory_user.deleted"
    DIRECTORY_USER_UPDATED = "directory_user.updated"
    EMAIL_DOMAIN_CLAIMED = "email_domain.claimed"
    EMAIL_DOMAIN_LAPSED = "email_domain.lapsed"
    EMAIL_DOMAIN_RELEASED = "email_domain.released"
    EMAIL_DOMAIN_VERIFIED = "email_domain.verified"
    ENCRYPTION_KEY_ATTACHED = "encryption_key.attached"
    ENCRYPTION_KEY_CHECKED = "encryption_key.checked"
    ENCRYPTION_KEY_DETACHED = "encryption_key.detached"
    ENCRYPTION_KEY_DISABLED = "encryption_key.disabled"
    ENCRYPTION_KEY_ENABLED = "encryption_key.enabled"
    ENCRYPTION_KEY_UPDATED = "encryption_key.updated"
    EVIDENCE_COLLECTED = "evidence.collected"
    EVIDENCE_EXPORTED = "evidence.exported"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_STARTED = "import.started"
    INDEX_CONFIGURED = "index.configured"
    INDEX_CREATED = "index.created"
    INDEX_DELETED = "index.deleted"
    INDEX_RECOVERED = "index.recovered"
    INSTALLATION_DRILL_PASSED = "installation.drill_passed"
    INSTALLATION_DUMPED = "installation.dumped"
    INSTALLATION_RESTORED = "installation.restored"
    INSTALLATION_TESTED = "installation.tested"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_CREATED = "invitation.created"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    MEMBER_ADDED = "member.added"
    MEMBER_LEFT = "member.left"
    MEMBER_REMOVED = "member.removed"
    MEMBER_ROLES_CHANGED = "member.roles_changed"
    NAMESPACE_CREATED = "namespace.created"
    NAMESPACE_DELETED = "namespace.deleted"
    NAMESPACE_EMPTIED = "namespace.emptied"
    NAMESPACE_RECORDS_DELETED = "namespace.records_deleted"
    NAMESPACE_RECORDS_UPDATED = "namespace.records_updated"
    NAMESPACE_RECORDS_UPSERTED = "namespace.records_upserted"
    NOTICE_DISMISSED = "notice.dismissed"
    NOTICE_MAIL_CHOSEN = "notice.mail_chosen"
    NODE_ADMITTED = "node.admitted"
    NODE_DRAINED = "node.drained"
    NODE_REBALANCED = "node.rebalanced"
    NODE_REMOVED = "node.removed"
    OPERATOR_ADDED = "operator.added"
    OPERATOR_REMOVED = "operator.removed"
    OBJECT_STORE_TAKEN_OVER = "object_store.taken_over"
    ORGANIZATION_CAPS_CHANGED = "organization.caps_changed"
    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_DELETED = "organization.deleted"
    ORGANIZATION_PLAN_CHANGED = "organization.plan_changed"
    ORGANIZATION_NETWORKS_CHANGED = "organization.networks_changed"
    ORGANIZATION_RENAMED = "organization.renamed"
    ORGANIZATION_RESUMED = "organization.resumed"
    ORGANIZATION_RETENTION_CHANGED = "organization.retention_changed"
    ORGANIZATION_SUSPENDED = "organization.suspended"
    ORGANIZATION_TRANSFERRED = "organization.transferred"
    PEPPER_RETIRED = "pepper.retired"
    PEPPER_ROTATED = "pepper.rotated"
    PROJECT_CREATED = "project.created"
    PROJECT_DELETED = "project.deleted"
    PROJECT_MEMBER_ADDED = "project_member.added"
    PROJECT_MEMBER_LEFT = "project_member.left"
    PROJECT_MEMBER_REMOVED = "project_member.removed"
    PROJECT_NETWORKS_CHANGED = "project.networks_changed"
    PROJECT_UPDATED = "project.updated"
    RESTORE_CANCELLED = "restore.cancelled"
    ROLE_BINDING_CREATED = "role_binding.created"
    ROLE_BINDING_DELETED = "role_binding.deleted"
    ROOT_KEY_RETIRED = "root_key.retired"
    ROOT_KEY_ROTATED = "root_key.rotated"
    SCIM_TOKEN_CREATED = "scim_token.created"  # noqa: S105 - the name of an act
    SCIM_TOKEN_REVOKED = "scim_token.revoked"  # noqa: S105 - the same
    SERVICE_ACCOUNT_CREATED = "service_account.created"
    SERVICE_ACCOUNT_DELETED = "service_account.deleted"
    SERVICE_ACCOUNT_RENAMED = "service_account.renamed"
    SERVICE_ACCOUNT_ROTATED = "service_account.secret_rotated"
    SERVICE_ACCOUNT_SECRET_ADDED = "service_account.secret_added"  # noqa: S105 - the name of an act
    SERVICE_ACCOUNT_SECRET_EXPIRY_SET = "service_account.secret_expiry_set"  # noqa: S105 - the same
    SERVICE_ACCOUNT_SECRET_REVOKED = "service_account.secret_revoked"  # noqa: S105 - the same
    SETUP_LINK_MINTED = "setup_link.minted"
    SETUP_LINK_REDEEMED = "setup_link.redeemed"
    SSO_CERTIFICATE_ADDED = "sso.certificate_added"
    SSO_CERTIFICATE_RETIRED = "sso.certificate_retired"
    SECRET_KEY_RETIRED = "secret_key.retired"  # noqa: S105 - the name of an act
    SECRET_KEY_ROTATED = "secret_key.rotated"  # noqa: S105
    SSO_CONNECTION_ACTIVATED = "sso.connection_activated"
    SSO_CONNECTION_CREATED = "sso.connection_created"
    SSO_CONNECTION_DELETED = "sso.connection_deleted"
    SSO_CONNECTION_DISABLED = "sso.connection_disabled"
    SSO_CONNECTION_UPDATED = "sso.connection_updated"
    SSO_KEYS_ROTATED = "sso.keys_rotated"
    SSO_METADATA_READ = "sso.metadata_read"
    SSO_REQUIRED = "sso.required"
    SSO_REQUIREMENT_LIFTED = "sso.requirement_lifted"
    SSO_SIGNED_IN = "sso.signed_in"
    SSO_SIGNED_OUT = "sso.signed_out"
    SSO_TESTED = "sso.tested"
    SSO_USER_MANAGEMENT_CHANGED = "sso.user_management_changed"
    STORAGE_INTEGRATION_CREATED = "storage_integration.created"
    STORAGE_INTEGRATION_DELETED = "storage_integration.deleted"
    SUPPORT_ENDED = "support.ended"
    SUPPORT_GRANTED = "support.granted"
    SUPPORT_LOOKED = "support.looked"
    SUPPORT_REQUESTED = "support.requested"
    USER_CONFIRMED = "user.confirmed"
    USER_CREATED = "user.created"
    USER_DEACTIVATED = "user.deactivated"
    USER_EMAIL_CHANGED = "user.email_changed"
    USER_FACTOR_ADDED = "user.mfa_added"
    USER_FACTOR_REMOVED = "user.mfa_removed"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - the name of an act
    USER_PASSWORD_RESET = "user.password_reset"  # noqa: S105
    USER_PASSWORD_SET = "user.password_set"  # noqa: S105
    USER_PROFILE_CHANGED = "user.profile_changed"
    USER_REACTIVATED = "user.reactivated"
    USER_RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed"
    USER_SESSION_REVOKED = "user.session_revoked"
    USER_SIGNED_IN = "user.signed_in"
    USER_SIGNED_OUT = "user.signed_out"
    USER_SIGNED_UP = "user.signed_up"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_ENABLED = "webhook.enabled"
    WEBHOOK_REDELIVERED = "webhook.redelivered"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"  # noqa: S105 - the name of an act
    WEBHOOK_TESTED = "webhook.tested"
    WEBHOOK_UPDATED = "webhook.updated"
    WRAPPING_KEY_RETIRED = "wrapping_key.retired"
    WRAPPING_KEY_ROTATED = "wrapping_key.rotated"


SENTENCES: dict[Action, str] = {
    Action.ACCESS_TOKEN_ISSUED: "{actor} was given an access token",
    Action.API_KEY_CREATED: "{actor} created the API key {target}",
    Action.API_KEY_DISABLED: "{actor} disabled the API key {target}",
    Action.API_KEY_ENABLED: "{actor} enabled the API key {target}",
    Action.API_KEY_REVOKED: "{actor} revoked the API key {target}",
    Action.API_KEY_ROLLED: "{actor} rolled the API key {target}",
    Action.API_KEY_UPDATED: "{actor} changed the API key {target}",
    Action.AUDIT_EXPORTED: "{actor} exported the audit log of {target}",
    Action.AUDIT_KEY_ROTATED: "{actor} made the key {target} that signs the audit log",
    Action.AUDIT_RESTORED: "{actor} restored the audit log of {target} from an earlier copy",
    Action.AUDIT_STREAM_CREATED: "{actor} created the audit stream {target}",
    Action.AUDIT_STREAM_DELETED: "{actor} deleted the audit stream {target}",
    Action.AUDIT_STREAM_PAUSED: "{actor} paused the audit stream {target}",
    Action.AUDIT_STREAM_RESUMED: "{actor} resumed the audit stream {target}",
    Action.AUDIT_STREAM_REWOUND: "{actor} sent again what went over the audit stream {target}",
    Action.AUDIT_STREAM_TESTED: "{actor} tested the audit stream {target}",
    Action.AUDIT_STREAM_UPDATED: "{actor} changed the audit stream {target}",
    Action.BACKUP_CREATED: "{actor} asked for the backup {target}",
    Action.BACKUP_DELETED: "{actor} deleted the backup {target}",
    Action.BACKUP_RESTORED: "{actor} restored an index from the backup {target}",
    Action.BACKUP_SCHEDULE_CREATED: "{actor} created the backup schedule {target}",
    Action.BACKUP_SCHEDULE_DELETED: "{actor} deleted the backup schedule {target}",
    Action.BACKUP_SCHEDULE_UPDATED: "{actor} changed the backup schedule {target}",
    Action.BACKUP_VERIFICATION_CANCELLED: "{actor} cancelled the verification of {target}",
    Action.BACKUP_VERIFICATION_STARTED: "{actor} had the backup {target} verified",
    Action.INDEX_RESTORED: "{actor} made an index of what the index {target} was",
    Action.BILLING_CONTACT_CHANGED: "{actor} changed the billing contact of {target}",
    Action.COLLECTION_CREATED: "{actor} created the collection {target}",
    Action.COLLECTION_DELETED: "{actor} deleted the collection {target}",
    Action.DATA_KEY_RETIRED: "{actor} destroyed an earlier data key of the project {target}",
    Action.DATA_KEY_ROTATED: "{actor} made a new data key for the project {target}",
    Action.DIRECTORY_GROUP_CREATED: "{actor} added the group {target} to the directory",
    Action.DIRECTORY_GROUP_DELETED: "{actor} removed the group {target} from the directory",
    Action.DIRECTORY_GROUP_MAPPED: "{actor} chose the roles of the group {target}",
    Action.DIRECTORY_GROUP_UPDATED: "{actor} changed the group {target} of the directory",
    Action.DIRECTORY_USER_CREATED: "{actor} added {target} to the directory",
    Action.DIRECTORY_USER_DEACTIVATED: "{actor} deactivated {target} in the directory",
    Action.DIRECTORY_USER_DELETED: "{actor} removed {target} from the directory",
    Action.DIRECTORY_USER_UPDATED: "{actor} changed {target} in the directory",
    Action.EMAIL_DOMAIN_CLAIMED: "{actor} claimed the mail domain {target}",
    Action.EMAIL_DOMAIN_LAPSED: "The proof of the mail domain {target} is gone",
    Action.EMAIL_DOMAIN_RELEASED: "{actor} gave up the mail domain {target}",
    Action.EMAIL_DOMAIN_VERIFIED: "{actor} proved the mail domain {target}",
    Action.ENCRYPTION_KEY_ATTACHED: "{actor} attached the encryption key {target} to a project",
    Action.ENCRYPTION_KEY_CHECKED: "{actor} asked for the encryption key {target}",
    Action.ENCRYPTION_KEY_DETACHED: "{actor} detached the encryption key {target} from a project",
    Action.ENCRYPTION_KEY_DISABLED: "{actor} disabled the encryption key {target}",
    Action.ENCRYPTION_KEY_ENABLED: "{actor} enabled the encryption key {target}",
    Action.ENCRYPTION_KEY_UPDATED: "{actor} changed how the encryption key {target} is reached",
    Action.EVIDENCE_COLLECTED: "{actor} collected evidence of the whole installation",
    Action.EVIDENCE_EXPORTED: "{actor} exported evidence of {target}",
    Action.IMPORT_CANCELLED: "{actor} cancelled an import into the index {target}",
    Action.IMPORT_STARTED: "{actor} started an import into the index {target}",
    Action.INDEX_CONFIGURED: "{actor} configured the index {target}",
    Action.INDEX_CREATED: "{actor} created the index {target}",
    Action.INDEX_DELETED: "{actor} deleted the index {target}",
    Action.INDEX_RECOVERED: "{actor} recovered the index {target} from the object store",
    Action.INSTALLATION_DRILL_PASSED: "{actor} noted that a dump of the {target} was restored",
    Action.INSTALLATION_DUMPED: "{actor} made a dump of the {target}",
    Action.INSTALLATION_RESTORED: "{actor} restored the {target} from a dump",
    Action.INSTALLATION_TESTED: "{actor} tried the {target} of the installation",
    Action.INVITATION_ACCEPTED: "{actor} accepted the invitation of {target}",
    Action.INVITATION_CREATED: "{actor} invited {target}",
    Action.INVITATION_RESENT: "{actor} invited {target} again",
    Action.INVITATION_REVOKED: "{actor} revoked the invitation of {target}",
    Action.MEMBER_ADDED: "{actor} added the member {target}",
    Action.MEMBER_LEFT: "{target} left the organization",
    Action.MEMBER_REMOVED: "{actor} removed the member {target}",
    Action.MEMBER_ROLES_CHANGED: "{actor} changed the roles of {target}",
    Action.NAMESPACE_CREATED: "{actor} created a namespace in the index {target}",
    Action.NAMESPACE_DELETED: "{actor} deleted a namespace of the index {target}",
    Action.NAMESPACE_EMPTIED: "{actor} deleted all records of a namespace of the index {target}",
    Action.NAMESPACE_RECORDS_DELETED: "{actor} deleted records in the index {target}",
    Action.NAMESPACE_RECORDS_UPDATED: "{actor} changed records in the index {target}",
    Action.NAMESPACE_RECORDS_UPSERTED: "{actor} added records to the index {target}",
    Action.NOTICE_DISMISSED: "{actor} dismissed the notice: {target}",
    Action.NOTICE_MAIL_CHOSEN: "{actor} chose whether notices of {target} come by mail",
    Action.NODE_ADMITTED: "{actor} let the node {target} take indexes again",
    Action.NODE_DRAINED: "{actor} had the indexes of the node {target} moved to others",
    Action.NODE_REBALANCED: "{actor} had indexes moved from the node {target} to emptier ones",
    Action.NODE_REMOVED: "{actor} removed the node {target}",
    Action.OPERATOR_ADDED: "{actor} made {target} an operator of the installation",
    Action.OPERATOR_REMOVED: "{actor} ended that {target} is an operator of the installation",
    Action.OBJECT_STORE_TAKEN_OVER: "{actor} made the object store of another {target} its own",
    Action.ORGANIZATION_CAPS_CHANGED: "{actor} changed the caps of {target}",
    Action.ORGANIZATION_CREATED: "{actor} created the organization {target}",
    Action.ORGANIZATION_DELETED: "{actor} deleted the organization {target}",
    Action.ORGANIZATION_PLAN_CHANGED: "{actor} changed the plan of {target}",
    Action.ORGANIZATION_NETWORKS_CHANGED: "{actor} changed where people of {target} come from",
    Action.ORGANIZATION_RENAMED: "{actor} renamed the organization to {target}",
    Action.ORGANIZATION_RESUMED: "{actor} resumed the organization {target}",
    Action.ORGANIZATION_RETENTION_CHANGED: "{actor} changed how long {target} keeps things",
    Action.ORGANIZATION_SUSPENDED: "{actor} suspended the organization {target}",
    Action.ORGANIZATION_TRANSFERRED: "{actor} handed over the ownership of {target}",
    Action.PEPPER_RETIRED: "{actor} destroyed the pepper {target}",
    Action.PEPPER_ROTATED: "{actor} made the pepper {target}",
    Action.PROJECT_CREATED: "{actor} created the project {target}",
    Action.PROJECT_DELETED: "{actor} deleted the project {target}",
    Action.PROJECT_MEMBER_ADDED: "{actor} added a member to the project {target}",
    Action.PROJECT_MEMBER_LEFT: "{actor} left the project {target}",
    Action.PROJECT_MEMBER_REMOVED: "{actor} removed a member from the project {target}",
    Action.PROJECT_NETWORKS_CHANGED: "{actor} changed the networks of the project {target}",
    Action.PROJECT_UPDATED: "{actor} changed the project {target}",
    Action.RESTORE_CANCELLED: "{actor} cancelled the restore of the index {target}",
    Action.ROLE_BINDING_CREATED: "{actor} gave the role {target}",
    Action.ROLE_BINDING_DELETED: "{actor} took away the role {target}",
    Action.SCIM_TOKEN_CREATED: "{actor} created the SCIM token {target}",
    Action.SCIM_TOKEN_REVOKED: "{actor} revoked the SCIM token {target}",
    Action.SERVICE_ACCOUNT_CREATED: "{actor} created the service account {target}",
    Action.SERVICE_ACCOUNT_DELETED: "{actor} deleted the service account {target}",
    Action.SERVICE_ACCOUNT_RENAMED: "{actor} renamed the service account {target}",
    Action.ROOT_KEY_RETIRED: "{actor} destroyed the root key {target}",
    Action.ROOT_KEY_ROTATED: "{actor} made a new {target}",
    Action.SERVICE_ACCOUNT_ROTATED: "{actor} rotated the secret of the service account {target}",
    Action.SERVICE_ACCOUNT_SECRET_ADDED: "{actor} gave the service account {target} another secret",
    Action.SERVICE_ACCOUNT_SECRET_EXPIRY_SET: "{actor} set when a secret of {target} expires",
    Action.SERVICE_ACCOUNT_SECRET_REVOKED: "{actor} revoked a secret of {target}",
    Action.SETUP_LINK_MINTED: "{actor} made a link for the first owner",
    Action.SETUP_LINK_REDEEMED: "{actor} became the first owner",
    Action.SSO_CERTIFICATE_ADDED: "{actor} added a certificate to the sign-on connection {target}",
    Action.SSO_CERTIFICATE_RETIRED: "{actor} retired a certificate of the connection {target}",
    Action.SECRET_KEY_RETIRED: "{actor} let the {target} of before be forgotten",
    Action.SECRET_KEY_ROTATED: "{actor} made a new {target}",
    Action.SSO_CONNECTION_ACTIVATED: "{actor} activated the sign-on connection {target}",
    Action.SSO_CONNECTION_CREATED: "{actor} created the sign-on connection {target}",
    Action.SSO_CONNECTION_DELETED: "{actor} deleted the sign-on connection {target}",
    Action.SSO_CONNECTION_DISABLED: "{actor} disabled the sign-on connection {target}",
    Action.SSO_CONNECTION_UPDATED: "{actor} changed the sign-on connection {target}",
    Action.SSO_KEYS_ROTATED: "{actor} rotated the keys of the sign-on connection {target}",
    Action.SSO_METADATA_READ: "{actor} read the metadata of the sign-on connection {target}",
    Action.SSO_REQUIRED: "{actor} required single sign-on for {target}",
    Action.SSO_REQUIREMENT_LIFTED: "{actor} let other ways of signing in be open for {target}",
    Action.SSO_SIGNED_IN: "{actor} signed in through {target}",
    Action.SSO_SIGNED_OUT: "{actor} ended sessions through {target}",
    Action.SSO_TESTED: "{actor} tested the sign-on connection {target}",
    Action.SSO_USER_MANAGEMENT_CHANGED: "{actor} changed where roles in {target} are decided",
    Action.STORAGE_INTEGRATION_CREATED: "{actor} created the storage integration {target}",
    Action.STORAGE_INTEGRATION_DELETED: "{actor} deleted the storage integration {target}",
    Action.SUPPORT_ENDED: "{actor} ended the operator's access to {target}",
    Action.SUPPORT_GRANTED: "{actor} let the operator look at {target}",
    Action.SUPPORT_LOOKED: "{actor} looked at {target} as its support",
    Action.SUPPORT_REQUESTED: "{actor} asked to look at {target} as its support",
    Action.USER_CONFIRMED: "{actor} confirmed who they are",
    Action.USER_CREATED: "{actor} created the account {target}",
    Action.USER_DEACTIVATED: "{actor} deactivated the account {target}",
    Action.USER_EMAIL_CHANGED: "{actor} changed an account's address to {target}",
    Action.USER_FACTOR_ADDED: "{actor} added a second factor to the account {target}",
    Action.USER_FACTOR_REMOVED: "{actor} removed a second factor of the account {target}",
    Action.USER_PASSWORD_CHANGED: "{actor} changed the password of {target}",
    Action.USER_PASSWORD_RESET: "{actor} reset the password of {target}",
    Action.USER_PASSWORD_SET: "{actor} set the password of {target}",
    Action.USER_PROFILE_CHANGED: "{actor} changed the profile of {target}",
    Action.USER_REACTIVATED: "{actor} reactivated the account {target}",
    Action.USER_RECOVERY_CODES_RENEWED: "{actor} renewed the recovery codes of {target}",
    Action.USER_SESSION_REVOKED: "{actor} ended sessions of {target}",
    Action.USER_SIGNED_IN: "{actor} signed in",
    Action.USER_SIGNED_OUT: "{actor} signed out",
    Action.USER_SIGNED_UP: "{actor} signed up",
    Action.WEBHOOK_CREATED: "{actor} created the webhook {target}",
    Action.WEBHOOK_DELETED: "{actor} deleted the webhook {target}",
    Action.WEBHOOK_DISABLED: "{actor} turned off the webhook {target}",
    Action.WEBHOOK_ENABLED: "{actor} turned on the webhook {target}",
    Action.WEBHOOK_REDELIVERED: "{actor} had the webhook {target} send an event again",
    Action.WEBHOOK_SECRET_ROTATED: "{actor} rotated the secret of the webhook {target}",
    Action.WEBHOOK_TESTED: "{actor} tested the webhook {target}",
    Action.WEBHOOK_UPDATED: "{actor} changed the webhook {target}",
    Action.WRAPPING_KEY_RETIRED: "{actor} destroyed an earlier wrapping key of {target}",
    Action.WRAPPING_KEY_ROTATED: "{actor} made a new wrapping key for {target}",
}


def sentence(action: Action, *, actor: str, target: str) -> str:
    """The act in words."""
    return SENTENCES[action].format(actor=actor, target=target)
