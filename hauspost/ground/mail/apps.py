from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "hauspost.ground.mail"
    label = "mail"
