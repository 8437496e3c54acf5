"""The application as Django knows it."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "notices"
