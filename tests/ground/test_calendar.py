"""Calendar parts: what, when, where, by whom; answers and cancellations; time zones of every maker."""

from datetime import UTC, date, datetime

import pytest

from hauspost.ground.mail.letter import Invitation, letter_as_json, read_letter

HEAD = "From: Ada Brand <ada@example.org>\r\nTo: it@example.org\r\nSubject: Wartung\r\nMIME-Version: 1.0\r\n"


def calendar(*lines: str, method: str = "REQUEST", around: str = "") -> str:
    """One event with these lines; `around` stands beside it."""
    event = ["BEGIN:VEVENT", "UID:u1@example.org", *lines, "END:VEVENT"]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"METHOD:{method}"] if method else []), *around.split("\n")]
    return "\r\n".join([*head, *event, "END:VCALENDAR", ""])


def invitations(text: str, kind: str = "text/calendar; charset=utf-8") -> tuple[Invitation, ...]:
    return read_letter((HEAD + f"Content-Type: {kind}\r\n\r\n{text}").encode()).calendar


def one(*lines: str, method: str = "REQUEST", around: str = "") -> Invitation:
    found = invitations(calendar(*lines, method=method, around=around))
    assert len(found) == 1
    return found[0]


def test_an_invitation_says_what_when_where_and_by_whom():
    """P22.6"""
    read = one(
        "SUMMARY:Wartung\\, Server",
        "DTSTART;TZID=Europe/Berlin:20240304T101500",
        "DTEND;TZID=Europe/Berlin:20240304T111500",
        "LOCATION:Raum 12\\; Erdgeschoss",
        'ORGANIZER;CN="Brand, Ada":mailto:ada@example.org',
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:MAILTO:it@example.org",
        "DESCRIPTION:Bitte alles\\n abmelden.",
        "SEQUENCE:2",
    )
    assert (read.title, read.place, read.method, read.uid) == (
        "Wartung, Server",
        "Raum 12; Erdgeschoss",
        "REQUEST",
        "u1@example.org",
    )
    assert (read.start, read.end) == (
        datetime(2024, 3, 4, 9, 15, tzinfo=UTC),
        datetime(2024, 3, 4, 10, 15, tzinfo=UTC),
    )
    assert (read.organiser, read.organiser_name) == ("ada@example.org", "Brand, Ada")
    assert read.attendees == (("it@example.org", "NEEDS-ACTION"),)
    assert (read.description, read.sequence, read.is_cancelled) == ("Bitte alles\n abmelden.", 2, False)


OUTLOOK_ZONE = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


@pytest.mark.parametrize(
    "zone",
    [
        "W. Europe Standard Time",
        "Europe/Vienna",
        "/mozilla.org/20050126_1/Europe/Berlin",
        '"W. Europe Standard Time"',
        "Customized Time Zone",
    ],
)
@pytest.mark.parametrize(("local", "utc"), [("20240715T100000", 8), ("20240115T100000", 9), ("20241027T100000", 9)])
def test_time_zones_of_every_maker_are_understood(zone: str, local: str, utc: int):
    read = one(f"DTSTART;TZID={zone}:{local}", around=OUTLOOK_ZONE)
    assert isinstance(read.start, datetime)
    assert (read.start.hour, read.start.tzinfo) == (utc, UTC)


def test_two_calendars_may_mean_two_things_by_one_zone_name():
    """A stranger's calendar must not shift the times of the next mail."""
    other = OUTLOOK_ZONE.replace("+0200", "-0700").replace("+0100", "-0800")
    assert one("DTSTART;TZID=Customized Time Zone:20240715T100000", around=other).start == datetime(
        2024, 7, 15, 17, tzinfo=UTC
    )
    assert one("DTSTART;TZID=Customized Time Zone:20240715T100000", around=OUTLOOK_ZONE).start == datetime(
        2024, 7, 15, 8, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (("DTSTART:20240304T091500Z", "DURATION:PT1H30M"), datetime(2024, 3, 4, 9, 15, tzinfo=UTC), 10),
        (("DTSTART;VALUE=DATE:20240304", "DTEND;VALUE=DATE:20240306"), date(2024, 3, 4), date(2024, 3, 5)),
        (("DTSTART;VALUE=DATE:20240304", "DTEND;VALUE=DATE:20240305"), date(2024, 3, 4), date(2024, 3, 4)),
        (("DTSTART:20240304T101500",), datetime(2024, 3, 4, 10, 15), None),
        (("DTSTART;TZID=Mond:20240304T101500",), datetime(2024, 3, 4, 10, 15), None),
        (('DTSTART;TZID="(UTC+02:00) Irgendwo":20240304T101500',), datetime(2024, 3, 4, 8, 15, tzinfo=UTC), None),
        (("DTSTART:2024-03-04T09:15:00Z",), datetime(2024, 3, 4, 9, 15, tzinfo=UTC), None),
        (("DTSTART:irgendwann", "DTEND:99999999T999999Z"), None, None),
    ],
)
def test_times_in_every_form(lines: tuple[str, ...], start: object, end: object):
    read = one(*lines)
    assert read.start == start
    assert read.end == end or (isinstance(read.end, datetime) and read.end.hour == end)


def test_an_answer_says_who_answered_what():
    """Requirements D: a METHOD:REPLY can join the ticket whose invitation has its UID."""
    read = one(
        "ATTENDEE;PARTSTAT=DECLINED;CN=Ben Kurz:mailto:ben@example.org",
        "COMMENT:Bin im Urlaub.",
        "SUMMARY:Abgelehnt: Wartung",
        method="REPLY",
    )
    assert (read.method, read.uid, read.attendees) == ("REPLY", "u1@example.org", (("ben@example.org", "DECLINED"),))
    assert read.comment == "Bin im Urlaub."


def test_the_method_may_stand_in_the_header_alone():
    found = invitations(calendar("SUMMARY:x", method=""), kind='text/calendar; method=CANCEL; charset="utf-8"')
    assert found[0].method == "CANCEL"
    assert found[0].is_cancelled


def test_a_series_is_told_and_not_unrolled():
    read = one("DTSTART:20240304T091500Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20241231T230000Z").recurrence
    assert read
    assert (read.frequency, read.interval, read.days) == ("WEEKLY", 2, ("MO", "TH"))
    assert read.until == datetime(2024, 12, 31, 23, tzinfo=UTC)
    read = one("RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYMONTH=1,7;COUNT=5").recurrence
    assert read
    assert (read.days, read.months, read.count) == (("-1FR",), (1, 7), 5)
    assert one("RRULE:BYDAY=MO").recurrence is None


def test_one_occurrence_of_a_series_is_named():
    assert one("RECURRENCE-ID:20240311T091500Z", method="CANCEL").occurrence == datetime(2024, 3, 11, 9, 15, tzinfo=UTC)


def test_several_events_and_a_task():
    text = calendar("SUMMARY:Eins").replace(
        "END:VCALENDAR", "BEGIN:VTODO\r\nUID:t\r\nSUMMARY:Zwei\r\nDUE;VALUE=DATE:20240305\r\nEND:VTODO\r\nEND:VCALENDAR"
    )
    assert [(read.title, read.is_task) for read in invitations(text)] == [("Eins", False), ("Zwei", True)]
    assert invitations(text)[1].end == date(2024, 3, 5)


def test_an_old_vcalendar_with_quoted_printable_text():
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\n"
        "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:Begehung Geb=E4ude =\r\n3\r\n"
        "DTSTART:20240304T091500Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert invitations(text, kind="text/x-vcalendar")[0].title == "Begehung Gebäude 3"


def test_folded_lines_and_bare_line_feeds_and_case():
    text = "begin:vcalendar\nBegin:vevent\nSummary:Warnung vor \n der Treppe\nend:vevent\nend:vcalendar\n"
    assert invitations(text)[0].title == "Warnung vor der Treppe"


def mixed(*parts: str, kind: str = "mixed") -> str:
    return HEAD + f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n--b\r\n" + "\r\n--b\r\n".join(parts) + "\r\n--b--"


class TestWhereItStands:
    def test_a_calendar_beside_text_and_again_as_a_file_is_one_event(self):
        """P22.6: alternative with calendar; Google sends it twice."""
        event = calendar("SUMMARY:Wartung", "DTSTART:20240304T091500Z")
        letter = read_letter(
            mixed(
                "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nWartung am Montag.\r\n--c\r\n"
                f"Content-Type: text/calendar; method=REQUEST\r\n\r\n{event}\r\n--c--",
                f"Content-Type: application/ics; name=invite.ics\r\n\r\n{event}",
            ).encode()
        )
        assert letter.text == "Wartung am Montag."
        assert [read.title for read in letter.calendar] == ["Wartung"]
        assert [file.name for file in letter.attachments] == ["invitation.ics", "invite.ics"]

    def test_a_calendar_alone_is_never_an_empty_mail(self):
        """Requirements D: its own description is what the mail says, or at least its title and place."""
        words = read_letter(
            (HEAD + "Content-Type: text/calendar\r\n\r\n" + calendar("SUMMARY:A", "DESCRIPTION:Bitte kommen.")).encode()
        )
        assert (words.text, words.visible_text) == ("Bitte kommen.", "Bitte kommen.")
        bare = read_letter(
            (HEAD + "Content-Type: text/calendar\r\n\r\n" + calendar("SUMMARY:Umzug", "LOCATION:Halle 3")).encode()
        )
        assert bare.text == "Umzug\nHalle 3"
        assert bare.attachments[0].name == "invitation.ics"

    def test_an_ics_file_is_known_by_its_name(self):
        event = calendar("SUMMARY:Wartung").encode()
        letter = read_letter(
            mixed(
                "\r\nAnbei.",
                'Content-Type: application/octet-stream; name="Termin.ICS"\r\n\r\n' + event.decode(),
            ).encode()
        )
        assert letter.calendar[0].title == "Wartung"


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCALENDAR\r\n" * 5000,
        "BEGIN:VEVENT\r\n" * 100_000,
        calendar("RRULE:FREQ=SECONDLY", "DTSTART:16010101T000000Z"),
        calendar("X" + ";A=" + '"' * 50_000),
        calendar("SUMMARY" + ";A=b,c" * 20_000 + ":x"),
        calendar("ATTENDEE:mailto:a@b.de\r\n" * 20_000),
        "BEGIN:VEVENT\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE:" + "=\r\n" * 100_000,
    ],
)
def test_a_hostile_calendar_costs_no_more_than_its_length(text: str):
    """S19: it ends, which a series of every second since 1601 would not if it were unrolled."""
    letter = read_letter((HEAD + f"Content-Type: text/calendar\r\n\r\n{text}").encode())
    assert len(letter.calendar) <= 20
    letter_as_json(letter)
