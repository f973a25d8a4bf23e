"""The demo company's year of history: everything that happens, in one queue by time."""

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import transaction
from django.test.utils import override_settings

from hauspost.ground import clock
from tests import demo_calendar, world
from tests.cast import found_company
from tests.demo_calendar import HEADQUARTERS
from tests.demo_company import PASSWORD
from tests.demo_desk import SNOOZED, DemoDesk, Life
from tests.demo_plans import YEAR, Plan, plans

SEED = 1
FOUNDED = YEAR + timedelta(days=3)
# The ten seconds in which a reply can be taken back, and a little more.
AFTER_UNDO = timedelta(seconds=12)
# How long before today what the mail room shows came in.
ODD_MAILS = (
    ("absence", timedelta(days=300)),
    ("spam", timedelta(days=241)),
    ("full", timedelta(days=204)),
    ("duplicate", timedelta(days=163)),
    ("spam", timedelta(days=120)),
    ("absence", timedelta(days=77)),
    ("spam", timedelta(days=31)),
    ("gone", timedelta(days=9)),
    ("absence", timedelta(days=6)),
    ("spam", timedelta(days=3)),
    ("duplicate", timedelta(days=2)),
    ("broken", timedelta(days=1)),
    ("spam", timedelta(hours=5)),
)
# Notices of the last two days are still unread.
UNREAD = timedelta(days=2)
A_WEEK, A_MONTH = timedelta(days=7), timedelta(days=30)

Progress = Callable[[int, int], None]


class QuickHasher(PBKDF2PasswordHasher):
    """A password that stands in every manual needs no slow hash; sixty slow ones take a minute.

    The first sign-in makes the usual hash of it, as Django does whenever work factors have changed.
    """

    iterations = 1_000


@transaction.atomic
def live_the_year(progress: Progress, tickets: int, today: datetime | None) -> None:
    """Found the company and live its year; see `demo_company.fill`."""
    today = today or clock.now()
    with clock.standing_at(today - FOUNDED), override_settings(PASSWORD_HASHERS=[f"{__name__}.QuickHasher"]):
        company = found_company(password=PASSWORD)
    # In memory where there is such a folder: every letter is synced to its disk.
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="hauspost-demo-", dir=memory if memory.is_dir() else None) as wastepaper:
        desk = DemoDesk(company, today, Path(wastepaper))
        _Year(desk, plans(tickets, today, SEED)).live(progress)


class _Year:
    """All plans in one queue by time, with what goes on beside them: sending, reading notices, sealing."""

    def __init__(self, desk: DemoDesk, plans: list[Plan]) -> None:
        self._desk = desk
        self._queue: list[tuple[datetime, int, Callable[[], None], bool]] = []
        self._order = itertools.count()
        self._steps = 0
        for plan in plans:
            self._expect(plan)
        self._expect_the_usual()

    def live(self, progress: Progress) -> None:
        """Let everything happen at its moment."""
        done = 0
        while self._queue:
            moment, _order, happen, is_step = heapq.heappop(self._queue)
            with clock.standing_at(moment):
                happen()
                self._desk.work()
            if is_step:
                done += 1
                progress(done, self._steps)

    def _at(self, moment: datetime, happen: Callable[[], None], *, is_step: bool = False) -> None:
        heapq.heappush(self._queue, (moment, next(self._order), happen, is_step))
        self._steps += is_step

    def _expect(self, plan: Plan) -> None:
        life, desk = Life(plan), self._desk
        self._at(plan.moments[0], lambda: desk.open(life), is_step=True)
        for act, moment in zip(plan.acts, plan.moments[1:], strict=True):
            self._at(moment, lambda act=act: desk.play(life, act), is_step=True)  # type: ignore[misc]
            if act.step.do in ("reply", "resolve", "participant"):
                self._at(min(moment + AFTER_UNDO, desk.today), desk.work)
        if plan.acts and plan.acts[-1].step.by == "requester" and plan.story.outcome == "resolved":
            self._at(min(plan.moments[-1] + timedelta(minutes=8), desk.today), lambda: desk.settle(life))
        if plan.story.key in SNOOZED:
            self._at(plan.moments[-1] + timedelta(minutes=1), lambda: desk.snooze(life))

    def _expect_the_usual(self) -> None:
        desk, today = self._desk, self._desk.today
        dice = random.Random(SEED)
        strangers = {one.key: one for one in world.OUTSIDERS}
        odd: dict[str, Callable[[], None]] = {
            "absence": lambda: desk.receive_absence(strangers["print-partner"]),
            "spam": lambda: desk.receive_spam(strangers["stranger"]),
            "broken": lambda: desk.receive_broken(strangers["print-partner"]),
            "duplicate": desk.receive_duplicate,
            "full": lambda: desk.receive_bounce("5.2.2", "mailbox full"),
            "gone": lambda: desk.receive_bounce("5.1.1", "user unknown"),
        }
        for kind, ago in ODD_MAILS:
            moment = today - ago
            if ago > timedelta(days=1):
                moment = min(demo_calendar.in_office_hours(moment, HEADQUARTERS, dice), today - UNREAD / 2)
            self._at(moment, odd[kind])
        moment = today - FOUNDED + timedelta(hours=1)
        while moment < today - UNREAD:
            self._at(moment, desk.read_notices)
            moment += A_WEEK
        self._at(today - UNREAD, desk.read_notices)
        moment = today - FOUNDED + timedelta(hours=2)
        while moment < today - timedelta(hours=12):
            self._at(moment, desk.seal)
            moment += A_MONTH
        self._at(today - timedelta(hours=12), desk.seal)
