"""What the room of privacy may refuse."""

from django.utils.translation import gettext_lazy as _

from hauspost.ground.refusals import Refused


class HasOpenWork(Refused):
    """Somebody who is responsible for open tickets cannot be erased yet."""

    code = "has-open-work"
    words = _("%(name)s is still responsible for open tickets (%(numbers)s). Assign them to somebody else first.")


class OnHold(Refused):
    """A legal hold wins over every erasure."""

    code = "on-hold"
    words = _("A legal hold keeps this (%(what)s). Lift it first, if its reason is over.")


class HeldAlready(Refused):
    """One hold is enough."""

    code = "held-already"
    words = _("There is a legal hold on this already.")


class RuleThereAlready(Refused):
    """One rule a team, type and kind."""

    code = "rule-there-already"
    words = _("There is such a rule for this team and type already. Remove that one first.")


class Oneself(Refused):
    """Nobody erases the account they are working with."""

    code = "oneself"
    words = _("This is you. Ask another administrator to erase your data.")
