"""The keeping room as Django sees it."""

from django.apps import AppConfig


class KeepingConfig(AppConfig):
    name = "hauspost.duties.keeping"
    label = "keeping"
