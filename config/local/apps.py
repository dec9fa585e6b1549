from django.apps import AppConfig


class LocalConfig(AppConfig):
    """Everything that runs PostgreSQL, Valkey and the processes on one machine."""

    name = "config.local"
