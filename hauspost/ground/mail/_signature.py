"""Who signed a mail, and what that is worth."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature under a mail, S/MIME or PGP.

    State: "valid"; "untrusted" when it fits the words but nobody we trust vouches for the signer; "broken" when words
    were changed; "unknown_key" when the key is not here; "cannot_check" when we could not look. `reason` is a code of
    `sealed_words`, "" where there is nothing to add.
    """

    kind: str
    state: str
    signer_name: str = ""
    signer_address: str = ""
    matches_sender: bool = False
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    reason: str = ""
    covers_all: bool = True  # False: the mail shows words that nobody signed, too
    fingerprint: str = ""


def best_address(addresses: tuple[str, ...], sender: str) -> tuple[str, bool]:
    """The address to name of several, and whether it is the sender's."""
    for address in addresses:
        if sender and address.lower() == sender.lower():
            return address, True
    return (addresses[0] if addresses else ""), False
