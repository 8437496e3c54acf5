"""Django's registration of the package."""

from django.apps import AppConfig


class IndexesConfig(AppConfig):
    name = "indexes"
