"""The application as Django knows it."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
