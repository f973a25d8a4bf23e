"""Changing single lines of hauspost.toml, leaving all others and every remark as somebody wrote them."""

import re
import tomllib
from collections.abc import Collection

# A backup lies on other disks and goes through other hands: these never stand in it in clear (S21).
SECRET = ("outgoing_password", "database_url")


def without_secrets(text: str) -> tuple[str, list[str]]:
    """The settings with passwords blanked, and the names of those that were. Raises ValueError for what is no TOML."""
    blanked = []
    for name in SECRET:
        value = tomllib.loads(text).get(name)
        if isinstance(value, str) and value not in ("", "sqlite"):
            text = switched_off(text, [name], "left out of the backup, as it holds a password", is_value_shown=False)
            blanked.append(name)
    return text, blanked


def names(text: str, name: str) -> bool:
    """Whether a setting stands there (not only in a remark)."""
    return _lines_of(text, name) is not None


def with_value(text: str, name: str, value: str) -> str:
    """The settings with one text set, where it stood or at the end."""
    line = f'{name} = "{_escaped(value)}"\n'
    found = _lines_of(text, name)
    if found is None:
        return f"{text.rstrip()}\n\n{line}" if text.strip() else line
    return text[: found[0]] + line + text[found[1] :]


def switched_off(text: str, names: Collection[str], why: str, *, is_value_shown: bool = True) -> str:
    """The settings with some of them made remarks that say why."""
    for name in names:
        found = _lines_of(text, name)
        if found is None:
            continue
        old = text[found[0] : found[1]].rstrip("\n") if is_value_shown else f"{name} ="
        remark = "".join(f"# {line}\n" for line in (f"{why}:", *old.split("\n")))
        text = text[: found[0]] + remark + text[found[1] :]
    return text


def _lines_of(text: str, name: str) -> tuple[int, int] | None:
    """Where a setting begins and ends; a list may go on for lines."""
    begun = re.search(rf"^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*=", text, re.MULTILINE)
    if begun is None:
        return None
    end = begun.start()
    while end < len(text):
        end = text.find("\n", end) + 1 or len(text)
        try:
            tomllib.loads(text[begun.start() : end])
        except tomllib.TOMLDecodeError:
            continue
        return begun.start(), end
    raise ValueError(f"the setting {name} has no end")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
