"""A real Postfix with the files of deploy/postfix, before and behind a real Hauspost (issue 4, point 4)."""

import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr

import pytest

from hauspost.ground.config import Config
from tests import world
from tests.doors._running import REPOSITORY, Running
from tests.mta.conftest import GONE, INSIDE, OUTSIDE, Post
from tests.mta.postfix import SHIPPED

pytestmark = [pytest.mark.once, pytest.mark.slow]

IT, HR = "it@lindner.example", "personal@lindner.example"
PETRA = world.PETRA.address


def test_a_mail_becomes_a_ticket_and_its_reply_lies_in_a_maildir_and_is_answered(post: Post) -> None:
    """Local mail in, over LMTP at a Unix socket to a ticket, the reply out into a real Maildir, and back (P8.1)."""
    [filed] = post.filed(post.sends(PETRA, IT, "Etikettendrucker"))
    assert (filed["via"], filed["disposition"], filed["sender"]) == ("lmtp", "ticket", PETRA)
    assert filed["proof"] == "trusted relay"
    acknowledgement = post.postfix.got(PETRA, f"[#{filed['ticket']}]")
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert acknowledgement["Return-Path"] == "<>"

    post.inside("reply", filed["ticket"], "Bitte die Klappe auf und wieder zu.")
    reply = post.postfix.got(PETRA, "die Klappe auf und wieder zu")
    assert re.fullmatch(r"<it\+[a-z2-7.]+@lindner\.example>", reply["Return-Path"])
    way_back = parseaddr(reply["Reply-To"])[1]
    assert way_back.startswith("it+")

    answer = post.sends(PETRA, way_back, "Re: Etikettendrucker", In_Reply_To=reply["Message-ID"])
    [joined] = post.filed(answer)
    assert (joined["disposition"], joined["ticket"]) == ("answer", filed["ticket"])
    # Looked up without its token, handed over with it.
    assert joined["recipient"] == way_back


def test_a_mail_server_outside_learns_at_rcpt_whom_hauspost_does_not_know(post: Post) -> None:
    """P7, S9: no bounces to forged senders; what we signed is taken, what merely looks so is not."""
    [filed] = post.filed(post.sends(PETRA, IT, "Scanner"))
    ours = [IT, "Help@hilfe.lindner.example", "postmaster@hilfe.lindner.example"]
    signed = post.inside("addresses", filed["ticket"])
    forged = [re.sub(r"[a-z2-7]{20}@", "a" * 20 + "@", address) for address in signed]
    strangers = ["ghost@hilfe.lindner.example", "it+please@lindner.example", *forged]
    with ThreadPoolExecutor(9) as hands:
        known = list(hands.map(post.answered_rcpt, ours + signed))
        unknown = list(hands.map(post.answered_rcpt, strangers))
    assert [code for code, _ in known] == [250] * 5, known
    for code, words in unknown:
        assert code == 550 and words.startswith("5.1.1") and "no such address here" in words, unknown


def test_each_recipient_of_one_mail_has_an_outcome_of_its_own(post: Post) -> None:
    """LMTP answers for each recipient: those we know are served, for the other one the sender is told."""
    message_id = post.sends(PETRA, [IT, "ghost@hilfe.lindner.example", HR], "Für zwei Teams und niemand")
    assert {one["recipient"] for one in post.filed(message_id, times=2)} == {IT, HR}
    bounce = post.postfix.got(PETRA, "ghost@hilfe.lindner.example")
    assert bounce.get_content_type() == "multipart/report"
    assert "no such address here" in str(bounce) and IT not in str(bounce.get_payload(1))


def test_a_reply_that_comes_back_finds_its_way_by_the_return_path(post: Post) -> None:
    """P14.1: Postfix takes the reply, then its recipient is gone; the bounce comes to the signed return path."""
    [filed] = post.filed(post.sends(GONE, IT, "Ich ziehe um", origin=INSIDE))
    post.postfix.set(virtual_transport="moved:")
    try:
        entry = post.inside("reply", filed["ticket"], "Wohin denn?")
        post.postfix.until(lambda: post.inside("reached", entry) == [[GONE, "bounced"]], "a bounce")
    finally:
        post.postfix.set(virtual_transport="virtual")


def test_only_our_own_filters_verdict_on_the_sender_is_believed(post: Post) -> None:
    """S7: Authentication-Results of our server come through on top, forged ones do not come through at all."""
    forged = "mail.lindner.example; dmarc=pass header.from=stranger.example"
    proven = post.sends("a@partner.example", IT, "Angebot", origin=OUTSIDE)
    unproven = post.sends("b@stranger.example", IT, "Rechnung", origin=OUTSIDE, Authentication_Results=forged)
    assert [one["proof"] for one in post.filed(proven)] == ["authenticated mail"]
    assert [one["proof"] for one in post.filed(unproven)] == ["none"]


def test_mail_waits_in_postfix_while_hauspost_is_away_and_goes_another_way(post: Post) -> None:
    """P2.1: nobody listens: nothing bounces. Then over TCP, as the second way in main.cf says."""
    post.postfix.set(hauspost_delivery=f"hauspost:inet:127.0.0.1:{post.lmtp}")
    try:
        message_id = post.sends(PETRA, IT, "Geduld")
        post.postfix.until(
            lambda: [mail["queue_name"] for mail in post.postfix.queued()] == ["deferred"], "a deferred mail"
        )
        more = {"HAUSPOST_LMTP_LISTEN": f"127.0.0.1:{post.lmtp}"}
        listen = ("-m", "hauspost", "--folder", str(post.folder), "listen")
        with Running(*listen, environment=post.environment | more) as running:
            running.says("LMTP listens")
            post.postfix.flush()
            assert [one["disposition"] for one in post.filed(message_id)] == ["ticket"]
    finally:
        post.postfix.set(hauspost_delivery=f"hauspost:unix:{post.postfix.socket}")


def test_the_pipe_keeps_a_mail_in_the_queue_until_the_database_is_back(post: Post) -> None:
    """Exit 75 keeps it, 0 ends it, 67 returns it; each recipient is asked for by itself."""
    settings, deputy = post.folder / "hauspost.toml", post.deputy
    post.postfix.set(hauspost_delivery="hauspost-pipe:")
    try:
        settings.write_text(post.settings(database_url="postgresql://nobody@127.0.0.1:1/away"))
        message_id = post.sends(PETRA, [IT, "ghost@hilfe.lindner.example"], "Durch die Röhre")
        post.postfix.until(lambda: deputy.answered == [75, 75], "two tries in vain")
        post.postfix.until(
            lambda: {mail["queue_name"] for mail in post.postfix.queued()} == {"deferred"}, "a deferred mail"
        )
        settings.write_text(post.settings())
        post.postfix.flush()
        [filed] = post.filed(message_id)
        assert (filed["via"], filed["sender"], filed["recipient"]) == ("pipe", PETRA, IT)
        bounce = post.postfix.got(PETRA, message_id)
        assert "ghost@hilfe.lindner.example: no such address here" in str(bounce)
        assert sorted(deputy.answered) == [0, 67, 75, 75]
    finally:
        settings.write_text(post.settings())
        post.postfix.set(hauspost_delivery=f"hauspost:unix:{post.postfix.socket}")


def test_what_is_too_big_for_hauspost_is_refused_by_postfix_at_once(post: Post) -> None:
    """P36.1: Postfix adds lines of its own, so its limit lies a little below ours."""
    [limit] = re.findall(r"^message_size_limit = (\d+)$", (SHIPPED / "main.cf").read_text(), re.MULTILINE)
    assert 0.9 * Config.mail_size_limit < int(limit) < Config.mail_size_limit - 100_000
    with post.line() as line:
        line.ehlo()
        assert line.mail(PETRA, [f"SIZE={int(limit) + 1}"])[0] == 552


def test_what_the_page_about_mail_servers_names_is_there_and_nothing_is_left_out() -> None:
    page = (REPOSITORY / "docs/mail-servers.md").read_text()
    named = set(re.findall(r"deploy/(?:postfix|exim)/[\w.-]+", page))
    shipped = {
        str(path.relative_to(REPOSITORY))
        for folder in ("postfix", "exim")
        for path in SHIPPED.with_name(folder).iterdir()
    }
    # Exim's list of addresses is told by its own path.
    assert named | {"deploy/exim/hauspost-addresses"} == shipped
