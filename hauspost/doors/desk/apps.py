"""The app of the desk's pages."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Pages for agents, dispatchers and administrators."""

    name = "hauspost.doors.desk"
    label = "desk"
