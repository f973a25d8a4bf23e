"""The accounts room as Django sees it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "hauspost.ground.accounts"
    label = "accounts"
