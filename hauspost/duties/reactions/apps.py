from django.apps import AppConfig


class ReactionsConfig(AppConfig):
    name = "hauspost.duties.reactions"
    label = "reactions"

    def ready(self) -> None:
        from hauspost.duties.reactions.table import names_for
        from hauspost.ground.history import actions as history
        from hauspost.ground.wake import wake

        history.start(follows=names_for, wake=wake)
