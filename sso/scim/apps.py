"""Django's name for this package."""

from django.apps import AppConfig


class ScimConfig(AppConfig):
    name = "sso.scim"
    label = "scim"
