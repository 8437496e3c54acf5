"""SCIM's own names for what is wrong with a request, on our tree of errors."""

from kit.errors import AlreadyExists, InvalidArgument


def invalid_value(message: str) -> InvalidArgument:
    return InvalidArgument(message, scim_type="invalidValue")


def not_unique(message: str) -> AlreadyExists:
    return AlreadyExists(message, scim_type="uniqueness")
