"""What a verb may refuse: every refusal has a code and words for the person who asked."""

from typing import Any

from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """Something that was asked for is not done; `words` name object, cause and next step (P54.1)."""

    code = "refused"
    status = 409
    words: Any = _("This is not possible.")

    def __init__(self, **about: Any) -> None:
        self.about = about
        super().__init__(self.code, about)

    def __str__(self) -> str:
        return str(self.words) % self.about if self.about else str(self.words)


class NotAllowed(Refused):
    """The person may see the object, but not do this with it."""

    code = "not-allowed"
    status = 403
    words = _("You are not allowed to do this. Ask your team lead or an administrator for the right.")


class NotFound(Refused):
    """There is no such thing, or the person may not know of it: both look the same (S5)."""

    code = "not-found"
    status = 404
    words = _("There is nothing here that you may see.")


class Invalid(Refused):
    """What was entered cannot be taken; `field` names where."""

    code = "invalid"
    status = 422
    words = _("%(field)s: %(reason)s")

    def __init__(self, field: str, reason: Any) -> None:
        super().__init__(field=field, reason=reason)
