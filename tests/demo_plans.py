"""Which stories of the demo's year are told, by whom, and when each of their steps happens."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests import demo_calendar, world
from tests.demo_calendar import HEADQUARTERS
from tests.world import Employee, Step, Story

YEAR = timedelta(days=360)
SHORTEST_GAP = timedelta(seconds=75)
# What is past is over: its last step lies at least so long before today.
OVER_SINCE = timedelta(hours=20)
# The hours of a day in which people find that something does not work.
BUSY_HOURS = (7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16)


@dataclass(frozen=True)
class Act:
    """A step of a story; a reply may set a status with the same click."""

    step: Step
    status: str = ""


@dataclass(frozen=True)
class Plan:
    """One ticket's life before it is lived: `moments` are its opening's, then each act's."""

    story: Story
    requester: Employee
    colleague: Employee
    device: str
    opening: tuple[str, str]
    acts: tuple[Act, ...]
    moments: tuple[datetime, ...]
    number: int

    @property
    def is_of_today(self) -> bool:
        """Does it lie on the desk now?"""
        return self.story.opened_ago is not None

    def words(self, text: str, agent: Employee) -> str:
        """A text of the story with its names filled in."""
        values = world.placeholders(
            self.story, self.requester, agent=agent, colleague=self.colleague, device=self.device
        )
        return self.story.fill(text, **values).strip("\n")


def plans(tickets: int, today: datetime, seed: int) -> list[Plan]:
    """So many tickets' lives, the earliest first; always the same for the same seed and moment."""
    dice = random.Random(seed)
    made = [_plan(story, turn, today, dice, number) for number, (story, turn) in enumerate(_chosen(tickets, dice), 1)]
    return sorted(made, key=lambda plan: plan.moments[0])


def _chosen(tickets: int, dice: random.Random) -> list[tuple[Story, int]]:
    """Today's stories and each story of the year once; then again as often as their weights allow."""
    stories = world.stories()
    today = [(story, 0) for story in stories if story.opened_ago is not None]
    once = [(story, 0) for story in stories if story.opened_ago is None]
    again = [(story, turn) for story, _ in once for turn in range(1, story.weight)]
    for rows in (today, once, again):
        dice.shuffle(rows)
    if tickets < len(today) + len(once):
        share = tickets * len(today) // (len(today) + len(once))
        return today[:share] + once[: tickets - share]
    return (today + once + again)[:tickets]


def _plan(story: Story, turn: int, today: datetime, dice: random.Random, number: int) -> Plan:
    people = world.candidates(story)
    random.Random(story.key).shuffle(people)
    requester = people[turn % len(people)]
    devices = world.devices_for(story, requester) if story.device else []
    acts = _acts(story.steps)
    find_moments = _moments if story.opened_ago is None else _moments_of_today
    return Plan(
        story=story,
        requester=requester,
        colleague=_colleague_of(requester, dice),
        device=dice.choice(devices).tag if devices else "",
        opening=story.openings[turn % len(story.openings)],
        acts=acts,
        moments=find_moments(story, acts, today, requester, dice),
        number=number,
    )


def _acts(steps: Sequence[Step]) -> tuple[Act, ...]:
    acts: list[Act] = []
    for step in steps:
        with_same_click = step.do == "status" and not step.after and not step.text and acts
        if with_same_click and acts[-1].step.do == "reply" and acts[-1].step.by == step.by:
            acts[-1] = Act(acts[-1].step, step.status)
        else:
            acts.append(Act(step))
    return tuple(acts)


def _colleague_of(requester: Employee, dice: random.Random) -> Employee:
    """Somebody of the same department, at the same site where there is one."""
    others = [one for one in world.EMPLOYEES if one.department == requester.department and one != requester]
    near = [one for one in others if one.site == requester.site]
    return dice.choice(near or others)


def _moments_of_today(
    story: Story, acts: Sequence[Act], today: datetime, requester: Employee, dice: random.Random
) -> tuple[datetime, ...]:
    """Opened so long before today; its steps follow like any others, or closer together where the day is too short."""
    assert story.opened_ago is not None
    ago = story.opened_ago
    usual: tuple[datetime, ...] = (demo_calendar.before(today, ago),)
    squeezed = usual
    for act in acts:
        ago -= act.step.after
        usual += (_moment_of(act.step, usual[-1], requester, dice),)
        squeezed += (max(demo_calendar.before(today, ago), squeezed[-1] + SHORTEST_GAP),)
    return usual if usual[-1] < today - SHORTEST_GAP else squeezed


def _moments(
    story: Story, acts: Sequence[Act], today: datetime, requester: Employee, dice: random.Random
) -> tuple[datetime, ...]:
    """A day of the year that fits the story's months and leaves it the time to end."""
    while True:
        day = (
            (today - timedelta(seconds=dice.randrange(int(YEAR.total_seconds())))).astimezone(demo_calendar.ZONE).date()
        )
        if story.months and day.month not in story.months:
            continue
        if not demo_calendar.is_working_day(day, requester.site) or not demo_calendar.is_working_day(day, HEADQUARTERS):
            continue
        into = timedelta(hours=dice.choice(BUSY_HOURS) - demo_calendar.OPENS.hour, seconds=dice.randrange(3600))
        moments = [demo_calendar.opening(day) + into]
        for act in acts:
            moments.append(_moment_of(act.step, moments[-1], requester, dice))
        if today - YEAR <= moments[0] and moments[-1] < today - OVER_SINCE:
            return tuple(moments)


def _moment_of(step: Step, previous: datetime, requester: Employee, dice: random.Random) -> datetime:
    if step.automatic:
        return previous + max(step.after, SHORTEST_GAP)  # Machines answer at any hour.
    # Nobody is as punctual as a story.
    after = step.after * dice.uniform(0.85, 1.2) if step.after > timedelta(minutes=5) else step.after
    site = requester.site if step.by in ("requester", "participant") else HEADQUARTERS
    return max(demo_calendar.later(previous, after, site, dice), previous + SHORTEST_GAP)
