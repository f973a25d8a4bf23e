"""A settings form on its way there and back: what it shows, what was typed, what was refused, who was quicker."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people.actions import key_from
from hauspost.records.people.models import Named

M = TypeVar("M", bound=Named)
_SEEN = "seen"


class Overtaken(Refused):
    """Somebody else changed the same field while the form was open; `now` holds what stands there by field."""

    code = "changed"
    status = 409
    words = gettext_lazy("Somebody else changed this meanwhile. Both values are shown: keep yours by saving once more.")

    def __init__(self, now: Mapping[str, str]) -> None:
        self.now = now
        super().__init__()


@dataclass
class Form:
    """What stands in a form's fields by name, and what is wrong with them.

    `seen` is what the fields held when the form was made: two people who edit different fields do not meet, and of two
    who edit the same one the second sees both values before anything is saved.
    """

    values: dict[str, str]
    seen: str = ""
    refused: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def showing(cls, current: Mapping[str, str]) -> "Form":
        """A fresh form."""
        return cls(dict(current), json.dumps(dict(current)))

    @classmethod
    def sent(cls, request: HttpRequest, current: Mapping[str, str]) -> "Form":
        """What was typed into the fields that this form has, and into no others (S17)."""
        typed = {name: request.POST.get(name, "").replace("\0", "").replace("\r\n", "\n").strip() for name in current}
        return cls(typed, request.POST.get(_SEEN, "{}"))

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.values.get(name, "")

    def fault(self, name: str) -> str:
        """What is wrong with a field; "" for nothing."""
        return self.wrong.get(name, "")

    def met(self, current: Mapping[str, str]) -> dict[str, str]:
        """The values to save: what was typed, and where nothing was typed what stands there now. Raises Overtaken."""
        seen = self._seen()
        merged, overtaken = {}, {}
        for name, now in current.items():
            typed, was = self.values[name], seen.get(name, now)
            untouched = typed == was
            merged[name] = now if untouched else typed
            if not untouched and now not in (was, typed):
                overtaken[name] = now
        if overtaken:
            self.values = merged
            raise Overtaken(overtaken)
        return merged

    def _seen(self) -> dict[str, str]:
        try:
            seen = json.loads(self.seen)
        except ValueError:
            return {}
        return {str(name): str(text) for name, text in seen.items()} if isinstance(seen, dict) else {}

    def refusing(
        self,
        refused: Refused,
        *,
        at: str = "",
        current: Mapping[str, str] | None = None,
        choices: Mapping[str, Any] | None = None,
    ) -> "Form":
        """The same form with a refusal beside its field; `at` is the field of a refusal that names none.

        `choices` holds the (value, words) pairs of drop-downs, so that an overtaken value shows in words.
        """
        if isinstance(refused, Overtaken):
            # Whoever sends it again has seen both values.
            self.seen = json.dumps(dict(current or {}))
            self.refused = str(refused)
            self.wrong = {name: _meanwhile(now, (choices or {}).get(name)) for name, now in refused.now.items()}
            return self
        named = str(refused.about.get("field", "")).replace(" ", "_") if isinstance(refused, Invalid) else at
        if named in self.values:
            self.wrong = {named: str(refused.about["reason"]) if isinstance(refused, Invalid) else str(refused)}
        else:
            self.refused = str(refused)
        return self


def _meanwhile(now: str, pairs: Any) -> str:
    words = str(dict(pairs or ()).get(now, now)) or _("empty")
    if now == "1" and not pairs:
        words = _("yes")
    return _("Meanwhile somebody else set: %(value)s") % {"value": words}


def flag(on: bool) -> str:
    """A tick box as a form sends it."""
    return "1" if on else ""


def picked(model: type[M], key: str, field: str) -> M | None:
    """The company's thing that a drop-down named; None for its empty choice. Raises Invalid, beside the field."""
    found = model._default_manager.filter(key=key, archived_at__isnull=True).first() if key else None
    if key and found is None:
        raise Invalid(field, _("choose one of the list"))
    return found


def needed(model: type[M], key: str, field: str) -> M:
    """Like `picked`, but the empty choice is refused, too."""
    found = picked(model, key, field)
    if found is None:
        raise Invalid(field, _("choose one of the list"))
    return found


def one_of(allowed: Sequence[str], word: str, field: str) -> str:
    """A choice of a fixed set. Raises Invalid, beside the field."""
    if word not in allowed:
        raise Invalid(field, _("choose one of the list"))
    return word


def words_of(values: Mapping[str, Any]) -> dict[str, str]:
    """A name in the company's languages, from the fields `de` and `en`; at least one is needed. Raises Invalid."""
    found = {tag: values[tag] for tag in ("de", "en") if values.get(tag)}
    if not found:
        raise Invalid("de", _("give a name, at least in one language"))
    return found


def key_of(form: Form, words: Mapping[str, str], model: type[Named]) -> str:
    """The key that was typed, else a free one made of the name. Raises Invalid."""
    typed = form.value("key")
    if typed and slugify(typed) != typed:
        raise Invalid("key", _("use small letters, digits and hyphens only"))
    if typed == "new":
        raise Invalid("key", _("this word stands for something else in addresses; choose another one"))
    return typed or key_from(words.get("en") or next(iter(words.values())), model)
