from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "hauspost.duties.notices"
    label = "notices"
