"""Django's registration of the package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
