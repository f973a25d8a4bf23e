"""What a look at one thing showed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a look at one thing showed; `fix` is empty when all is well, `advice` says what would be better."""

    thing: str
    words: str
    fix: str = ""
    advice: str = ""
