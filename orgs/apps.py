"""Django's registration of the package."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "orgs"
