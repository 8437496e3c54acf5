"""Why a sign-on is refused: one name per reason, and the error that carries it."""

from enum import StrEnum
from typing import Any

from kit.errors import Unauthenticated


class Fault(StrEnum):
    """Stable names: they stand in the audit log, on the error page and in the test sign-in."""

    ACCOUNT_DEACTIVATED = "account_deactivated"
    ACCOUNT_ELSEWHERE = "account_elsewhere"
    ADDRESS_MALFORMED = "address_malformed"
    ALGORITHM_REFUSED = "algorithm_refused"
    ASSERTION_COUNT = "assertion_count"
    ATTRIBUTE_REPEATED = "attribute_repeated"
    AUDIENCE = "audience"
    AUTHENTICATION_STATEMENT = "authentication_statement"
    BROWSER = "browser"
    CONDITION_UNKNOWN = "condition_unknown"
    CONDITIONS_MISSING = "conditions_missing"
    CONFIRMATION = "confirmation"
    CONNECTION_INACTIVE = "connection_inactive"
    DECRYPTION = "decryption"
    DESTINATION = "destination"
    DUPLICATE_ID = "duplicate_id"
    ENCODING = "encoding"
    ENCRYPTED_IDENTIFIER = "encrypted_identifier"
    EXPIRED = "expired"
    FOREIGN_DOMAIN = "foreign_domain"
    IDENTITY_TAKEN = "identity_taken"
    ISSUE_INSTANT = "issue_instant"
    ISSUER = "issuer"
    JOINING_CLOSED = "joining_closed"
    LIBRARY = "library"
    MARKUP = "markup"
    NAME_ID = "name_id"
    NO_ROLES = "no_roles"
    NO_ROOM = "no_room"
    NOT_A_RESPONSE = "not_a_response"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_YET_VALID = "not_yet_valid"
    ORGANIZATION_CLOSED = "organization_closed"
    PLAN = "plan"
    RECIPIENT = "recipient"
    REMOVED = "removed"
    REPLAYED = "replayed"
    REQUEST_MISMATCH = "request_mismatch"
    SIGNATURE_INVALID = "signature_invalid"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_MISPLACED = "signature_misplaced"
    STATUS = "status"
    TOO_LARGE = "too_large"
    UNSOLICITED = "unsolicited"
    VERSION = "version"


class SignOnRefused(Unauthenticated):
    """An assertion that proves nothing. `message` tells an administrator what to look at."""

    def __init__(self, fault: Fault, message: str, **fields: Any) -> None:
        super().__init__(message, fault=str(fault), **fields)
        self.fault = fault
