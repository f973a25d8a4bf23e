"""The files room as Django sees it."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "hauspost.ground.files"
    label = "files"
