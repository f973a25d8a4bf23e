"""The inside of the day in fast-forward: who takes part, what the mails are, and whether all of it arrived once."""

import json
import re
from collections import Counter
from pathlib import Path

from django.db.models import Max

from bench.company import read
from bench.intake import prepared
from bench.pages import Visitor
from hauspost.duties.intake.models import Delivery
from hauspost.ground.history.models import Pending
from hauspost.ground.mail import outbox
from hauspost.records.tickets.models import Entry, Ticket

TOKEN = re.compile(r"\b(?:agent|employee)-\d+-\d+-load\b")


def prepare(folder: str, mails: str, agents: str, employees: str) -> None:
    """Write the day's mails and everybody's sessions into a folder."""
    at, company = Path(folder), read()
    letters = prepared(int(mails), seed=3)
    for number, mail in enumerate(letters):
        (at / f"{number}.eml").write_bytes(mail.raw)
    desk = list({person.id: person for team in company.agents.values() for person in team}.values())
    everyone = [*company.requesters, *desk]
    wanted = {
        "mails": [(mail.sender, mail.recipient) for mail in letters],
        "agents": [Visitor(person).cookie for person in [company.dispatcher, *desk][: int(agents)]],
        "employees": [Visitor(person).cookie for person in everyone[: int(employees)]],
        "last": {
            "delivery": Delivery.objects.aggregate(last=Max("id"))["last"] or 0,
            "entry": Entry.objects.aggregate(last=Max("id"))["last"] or 0,
        },
    }
    (at / "day.json").write_text(json.dumps(wanted))


def quiet() -> None:
    """How much is still waiting: deliveries, reactions, mails."""
    waiting = {
        "deliveries": Delivery.objects.filter(disposition=Delivery.Disposition.WAITING).count(),
        "reactions": Pending.objects.filter(parked_at__isnull=True).count(),
        "mails": outbox.queue_figures().waiting,
    }
    print(json.dumps(waiting))


def check(folder: str) -> None:
    """What became of everything that was accepted: each mail one disposition, each text once."""
    at = Path(folder)
    day, done = json.loads((at / "day.json").read_text()), json.loads((at / "done.json").read_text())
    deliveries = Delivery.objects.filter(id__gt=day["last"]["delivery"])
    arrived = Counter(deliveries.values_list("transaction", flat=True).iterator())
    filed = Counter(
        entry for entry in deliveries.filter(entry__isnull=False).values_list("entry", flat=True).iterator()
    )
    written = Counter(
        token
        for text in Entry.objects.filter(id__gt=day["last"]["entry"], delivery=None).values_list("text", flat=True)
        for token in TOKEN.findall(text)
    )
    found = {
        "deliveries": sum(arrived.values()),
        "accepted": done["accepted"],
        "dispositions": Counter(deliveries.values_list("disposition", flat=True)),
        "without an entry that exists": len(
            set(filed) - set(Entry.objects.filter(id__in=filed).values_list("id", flat=True))
        ),
        "filed twice": sum(
            1
            for _entry, count in Counter(
                Entry.objects.filter(delivery__gt=day["last"]["delivery"]).values_list("delivery", flat=True)
            ).items()
            if count > 1
        ),
        "texts lost": len(set(done["texts"]) - set(written)),
        "texts doubled": sum(1 for count in written.values() if count > 1),
        "reactions parked": Pending.objects.parked().count(),
        "tickets": Ticket.objects.count(),
    }
    print(json.dumps(found))
