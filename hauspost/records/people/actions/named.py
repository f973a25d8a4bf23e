"""Changing and archiving what the company names: departments, teams, sites, locations, categories."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.refusals import Invalid
from hauspost.records.people.actions.checks import KEEP, one_line, only_administrators
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Named

_N = TypeVar("_N", bound=Named)
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
LONGEST_NAME = 200


def clean_words(words: Mapping[str, str]) -> dict[str, str]:
    """A name in the company's languages as it is kept. Raises Invalid where there is none, or an unknown language."""
    known = {tag for tag, _name in settings.LANGUAGES}
    if unknown := sorted(set(words) - known):
        raise Invalid("words", _("%(language)s is none of the languages here") % {"language": ", ".join(unknown)[:60]})
    clean = {tag: one_line(text, LONGEST_NAME) for tag, text in words.items()}
    clean = {tag: text for tag, text in clean.items() if text}
    if not clean:
        raise Invalid("words", _("write a name"))
    return clean


def key_from(name: str, model: type[Named]) -> str:
    """A free key made from a name: "Buchhaltung Süd" becomes buchhaltung-sued, or buchhaltung-sued-2."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_SPELT))
    stem = re.sub(r"[^a-z0-9]+", "-", "".join(one for one in plain if not unicodedata.combining(one))).strip("-")[:50]
    stem = stem or model._meta.model_name or "one"
    taken = set(model._default_manager.filter(key__startswith=stem).values_list("key", flat=True))
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}-{number}", number + 1
    return key


def change_named(
    row: _N, asked: Mapping[str, Any], *, actor: Actor, recorded_as: Mapping[str, str] | None = None
) -> _N:
    """Set the fields that are not KEEP; records "<noun>.changed" with before and after where something changes.

    In the verb's transaction. `recorded_as` has fields that the record calls by another name. Raises NotAllowed,
    Invalid (no name).
    """
    only_administrators(actor)
    fields = {name: value for name, value in asked.items() if value is not KEEP}
    if "words" in fields:
        fields["words"] = clean_words(fields["words"])
    now = _locked(row)
    changed = [name for name, value in fields.items() if getattr(now, name) != value]
    for name, value in fields.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=changed)
        called = {name: (recorded_as or {}).get(name, name) for name in changed}
        before = {called[name]: _recorded(getattr(now, name)) for name in changed}
        after = {called[name]: _recorded(fields[name]) for name in changed}
        _record(row, "changed", {"before": before, "after": after}, actor)
    return row


def archive_named(row: _N, *, actor: Actor, along: Mapping[str, Any] | None = None) -> bool:
    """Take it out of every choice; what refers to it stays. Records "<noun>.archived"; False when it was already.

    `along` is what the record keeps beside it.
    """
    only_administrators(actor)
    now = _locked(row)
    row.archived_at = now.archived_at
    if now.archived_at is not None:
        return False
    row.archived_at = clock.now()
    row.save(update_fields=["archived_at"])
    _record(row, "archived", along or {}, actor)
    return True


def restore_named(row: _N, *, actor: Actor, along: Mapping[str, Any] | None = None) -> bool:
    """Let it be chosen again. Records "<noun>.restored"; False when it was not archived."""
    only_administrators(actor)
    now = _locked(row)
    row.archived_at = None
    if now.archived_at is None:
        return False
    row.save(update_fields=["archived_at"])
    _record(row, "restored", along or {}, actor)
    return True


def _locked(row: _N) -> _N:
    return type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)


def _recorded(value: Any) -> Any:
    return value.key if isinstance(value, Named) else value


def _record(row: Named, what: str, data: Mapping[str, Any], actor: Actor) -> None:
    noun = row._meta.model_name
    record(f"{noun}.{what}", f"setting:{noun}:{row.key}", actor=actor, data=data)
