"""Django's registration of the package."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
