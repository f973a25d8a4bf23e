from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "hauspost.duties.intake"
    label = "intake"
