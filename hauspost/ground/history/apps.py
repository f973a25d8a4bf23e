from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "hauspost.ground.history"
    label = "history"
