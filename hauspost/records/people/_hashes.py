"""How an address, a code or a factor stands in the table of tries: as a hash that names nobody."""

import hashlib


def hash_of(word: str, purpose: str = "") -> str:
    """64 hexadecimal digits; the same for every spelling of an address."""
    told = f"{purpose} {word}" if purpose else word
    return hashlib.sha256(told.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()
