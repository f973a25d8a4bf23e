"""Senders who only look like somebody else are seen through (S26)."""

import pytest

from hauspost.ground.mail.likeness import pretences

OURS = ["lindner.example", "lindner-werke.example"]


@pytest.mark.parametrize(
    ("name", "address", "found"),
    [
        ("boss@lindner.example", "x@evil.example", [("other_address", "boss@lindner.example")]),
        ("Eva Boss (eva@lindner.example)", "x@evil.example", [("other_address", "eva@lindner.example")]),
        ("Eva Boss", "eva@1indner.example", [("like_domain", "lindner.example")]),
        ("Eva Boss", "eva@linclner.example", [("like_domain", "lindner.example")]),
        ("Eva Boss", "eva@lindnerwerke.example", [("like_domain", "lindner-werke.example")]),
        ("Eva Boss", "eva@xn--lndner-pvf.example", [("like_domain", "lindner.example"), ("mixed_letters", "lіndner")]),
        ("Еvа Boss", "x@evil.example", [("mixed_letters", "Еvа")]),
        ("Eva \u202essoB", "x@evil.example", [("unseen", "")]),
        ("Eva\u200b Boss", "x@evil.example", [("unseen", "")]),
    ],
)
def test_what_is_odd_is_said(name: str, address: str, found: list[tuple[str, str]]):
    """S26"""
    assert pretences(name, address, OURS) == found


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Eva Boss", "eva@lindner.example"),
        ("eva@lindner.example", "Eva@Lindner.example"),
        ("Eva Boss", "eva@mail.lindner.example"),
        ("Иван Иванов", "ivan@firma.example"),
        ("Иван (IT)", "ivan@firma.example"),
        ("Jörg Kühler 😀", "jörg@kühler.example"),
        ("Γιώργος", "giorgos@firma.example"),
        ("\u200fמשה\u200f", "moshe@firma.example"),
        ("", ""),
        ("Ada", "ada@lindt.example"),
    ],
)
def test_nearly_everybody_is_who_he_is(name: str, address: str):
    assert pretences(name, address, OURS) == []
