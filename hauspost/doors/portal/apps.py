"""The app of the portal's pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages for employees: ask for something, follow it."""

    name = "hauspost.doors.portal"
    label = "portal"
