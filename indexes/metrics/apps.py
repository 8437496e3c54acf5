"""Django's name for this package."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "indexes.metrics"
    label = "metrics"
