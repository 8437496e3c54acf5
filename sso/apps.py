"""Django's registration of the package."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
