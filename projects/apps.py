"""Django's registration of the package."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"
