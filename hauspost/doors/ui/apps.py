"""The app that owns the shared look."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, style sheets and scripts that desk and portal share."""

    name = "hauspost.doors.ui"
    label = "ui"
