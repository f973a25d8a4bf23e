"""Which mails come: who writes what to whom and by which way, the same for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

IT, FACILITIES = "it@lindner.example", "haustechnik@lindner.example"


@dataclass(frozen=True)
class Mail:
    """One mail on its way: "new" opens a ticket, "more" is a second one, "answer" answers, "both" is for two teams.

    "again" is an earlier mail once more by another way, as lists and forwarders do it.
    """

    number: int
    kind: str
    way: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    answers: str = ""
    file_bytes: int = 0
    # Whom To names, where these are more than whom this copy is for.
    named: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """What stands in this mail's text and in no other."""
        return f"token-{self.message_id.partition('@')[0]}-end"

    def raw(self) -> bytes:
        """Its bytes."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, ", ".join(self.named or self.recipients)
        mail["Subject"] = ("Re: " if self.answers else "") + f"Mail {self.message_id.partition('@')[0]}"
        mail["Message-ID"] = f"<{self.message_id}>"
        mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
        if self.answers:
            mail["In-Reply-To"] = f"<{self.answers}>"
        mail.set_content(f"Der Drucker am Tor 3 steht.\n{self.token}\n")
        if self.file_bytes:
            content = random.Random(self.message_id).randbytes(self.file_bytes)
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="dump.bin")
        return mail.as_bytes().replace(b"\n", b"\r\n")


def planned(count: int, seed: int, ways: Sequence[str]) -> list[Mail]:
    """So many mails. Nobody writes more than four, so that no flood begins."""
    chance, mails, firsts = random.Random(seed), list[Mail](), list[Mail]()
    written: dict[str, int] = {}
    for number in range(count):
        way = chance.choice(ways)
        kind = chance.choices(["new", "both", "more", "answer", "again"], [60, 6, 12, 16, 6])[0]
        # IMAP brings a mail for the mailbox that it lay in.
        if (kind == "both" and way == "imap") or not firsts:
            kind = "new"
        if kind == "again":
            same = chance.choice(firsts)
            other = chance.choice([one for one in ways if one != same.way])
            to = same.recipients[:1] if other == "imap" else same.recipients
            once_more = (number, kind, other, same.sender, to, same.message_id, same.answers)
            mails.append(Mail(*once_more, same.file_bytes, same.recipients))
            continue
        first = chance.choice(firsts) if kind in ("more", "answer") else None
        if first is not None and written[first.sender] >= 4:
            kind, first = "new", None
        sender = first.sender if first else f"crash.{seed}.{number}@lindner.example"
        written[sender] = written.get(sender, 0) + 1
        to = (
            first.recipients[:1]
            if first
            else (IT, FACILITIES)
            if kind == "both"
            else (chance.choice([IT, FACILITIES]),)
        )
        size = chance.choices(
            [0, chance.randrange(1, 40_000), chance.randrange(70_000, 300_000), 1_500_000], [70, 20, 9, 1]
        )
        answers = first.message_id if first and kind == "answer" else ""
        mail = Mail(number, kind, way, sender, to, f"{seed}.{number}@crash.example", answers, size[0])
        mails.append(mail)
        if kind in ("new", "both"):
            firsts.append(mail)
    return mails
