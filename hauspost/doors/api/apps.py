"""The app that owns what programs leave behind: spent idempotency keys, waiting uploads, standing alarms."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """REST for programs."""

    name = "hauspost.doors.api"
    label = "api"
