"""Mails that belong together, by what their headers say of each other."""

from dataclasses import dataclass

from hauspost.ground.mail.threads import conversations, evidence


@dataclass
class Mail:
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


def test_an_answer_joins_what_it_answers():
    assert conversations([Mail("a"), Mail("b", ("a",)), Mail("c")]) == [0, 0, 1]


def test_mails_with_a_forebear_that_we_never_saw_belong_together():
    """P8.4"""
    assert conversations([Mail("b", ("lost",)), Mail("c", (), ("lost", "x")), Mail("d")]) == [0, 0, 1]


def test_order_does_not_matter():
    """P9.3"""
    assert conversations([Mail("c", ("b",)), Mail("d"), Mail("b", ("a",)), Mail("a")]) == [0, 1, 0, 0]


def test_mails_without_an_id_stay_alone():
    assert conversations([Mail(), Mail(), Mail("", ("a",)), Mail("a")]) == [0, 1, 2, 2]


def test_the_nearest_forebear_comes_first():
    assert evidence(Mail("d", ("c",), ("a", "b", "c"))) == ("c", "b", "a")
