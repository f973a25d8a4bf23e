"""The vitals room as Django sees it."""

from django.apps import AppConfig


class VitalsConfig(AppConfig):
    name = "hauspost.ground.vitals"
    label = "vitals"
