"""Names and addresses that only look like somebody else's: made visible beside the sender (S26). Pure."""

import re
import unicodedata
from collections.abc import Iterable

# Characters that turn the writing round or are not seen at all. Marks that Hebrew and Arabic names need are not among
# them, nor the joiners of emoji.
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\u180e\ufeff\u00ad]")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@]{1,250}\.[^\s<>()\[\]\"',;:@.]{2,63}")
_WORD = re.compile(r"[^\W_]{2,100}")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# Letters of other alphabets, and pairs, that are taken for Latin ones at a glance.
_LOOKS = str.maketrans("аеорсухіјѕԁһӏԛԝвкмнтαβγεικνορτυχ01|ıłi", "aeopcyxljsdhlqwbkmhtabyelkvoptuxolllll")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def pretences(name: str, address: str, domains: Iterable[str] = ()) -> list[tuple[str, str]]:
    """What is odd about a sender, each as (kind, what to show): nothing for nearly everybody.

    Kinds: "unseen" (characters that hide or turn the writing), "other_address" (the name shows another address),
    "mixed_letters" (one word of two alphabets), "like_domain" (its domain only resembles one of `domains`).
    """
    domain = _readable_domain(address.rpartition("@")[2])
    found = [("like_domain", known) for known in _resembled(domain, domains)]
    for shown in _ADDRESS.findall(_UNSEEN.sub("", name))[:1]:
        if shown.lower() != address.lower():
            found.append(("other_address", shown))
    for word in _WORD.findall(f"{name[:500]} {domain}"):
        if len(_alphabets(word)) > 1:
            found.append(("mixed_letters", word))
            break
    if _UNSEEN.search(name) or _UNSEEN.search(address):
        found.append(("unseen", ""))
    return found


def _readable_domain(domain: str) -> str:
    """A domain in the letters that people see."""
    labels = []
    for label in domain.lower().rstrip(".").split(".")[:20]:
        try:
            labels.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except (UnicodeError, ValueError):
            labels.append(label)
    return ".".join(labels)


def _alphabets(word: str) -> set[str]:
    names = (unicodedata.name(character, "") for character in word if character.isalpha() and character > "\x7f")
    found = {name.partition(" ")[0] for name in names} & set(_SCRIPTS)
    return found | {"LATIN"} if any(character.isascii() and character.isalpha() for character in word) else found


def _resembled(domain: str, domains: Iterable[str]) -> list[str]:
    known = {one.lower() for one in domains}
    if not domain or domain in known or any(domain.endswith("." + one) for one in known):
        return []
    skeleton = _skeleton(domain)
    return sorted(one for one in known if _skeleton(one) == skeleton)[:1]


def _skeleton(domain: str) -> str:
    """The domain as an eye in a hurry reads it."""
    text = unicodedata.normalize("NFKD", domain).translate(_LOOKS)
    text = "".join(character for character in text if not unicodedata.combining(character))
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text.replace("-", "")
