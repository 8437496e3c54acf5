"""Why a sign-on is refused: one name per reason, and the error that carries it."""

from enum import StrEnum
from typing import Any

from kit.errors import Unauthenticated


class Fault(StrEnum):
    """Stable names: they stand in the audit log, on the error page and in the test sign-in."""

    ADDRESS_MALFORMED = "address_malformed"
    ALGORITHM_REFUSED = "algorithm_refused"
    ASSERTION_COUNT = "assertion_count"
    ATTRIBUTE_REPEATED = "attribute_repeated"
    AUDIENCE = "audience"
    AUTHENTICATION_STATEMENT = "authentication_statement"
    CONDITION_UNKNOWN = "condition_unknown"
    CONDITIONS_MISSING = "conditions_missing"
    CONFIRMATION = "confirmation"
    DECRYPTION = "decryption"
    DESTINATION = "destination"
    DUPLICATE_ID = "duplicate_id"
    ENCODING = "encoding"
    ENCRYPTED_IDENTIFIER = "encrypted_identifier"
    EXPIRED = "expired"
    FOREIGN_DOMAIN = "foreign_domain"
    ISSUE_INSTANT = "issue_instant"
    ISSUER = "issuer"
    LIBRARY = "library"
    MARKUP = "markup"
    NAME_ID = "name_id"
    NOT_A_RESPONSE = "not_a_response"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_YET_VALID = "not_yet_valid"
    RECIPIENT = "recipient"
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
