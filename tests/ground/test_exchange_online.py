"""Which Authentication-Results of a Microsoft 365 mailbox are Exchange Online's own (S7)."""

import pytest

from hauspost.ground.mail.exchange_online import unnamed_results

FOUND = "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=firma.example; firma.example; dkim=pass (signature was verified) header.d=firma.example;firma.example; dmarc=pass action=none header.from=firma.example;compauth=pass reason=100"
FORGED = FOUND.replace("firma.example", "lindner.example")
WITHIN = (
    "Received: from DB9PR04MB8313.eurprd04.prod.outlook.com (2603:10a6:10:2c4::12)\r\n by AS8PR04MB7927.eurprd04.prod.outlook.com with HTTPS; Mon, 2 Mar 2026 09:05:28 +0000\r\n"
    "Received: from DB1PEPF000509E2.eurprd03.prod.outlook.com\r\n (2603:10a6:10:1:cafe::29) by DU2PR04CA0052.outlook.office365.com\r\n (2603:10a6:10:3b::28) with Microsoft SMTP Server id 15.20.1.1 via Frontend Transport; Mon, 2 Mar 2026 09:05:27 +0000\r\n"
)
FRONT = "Received: from mx.firma.example (192.0.2.7) by\r\n DB1PEPF000509E2.mail.protection.outlook.com (10.167.242.52) with Microsoft SMTP\r\n Server id 15.20.1.1 via Frontend Transport; Mon, 2 Mar 2026 09:05:26 +0000\r\n"
ABOUT = "X-MS-Exchange-Organization-AuthSource:\r\n DB1PEPF000509E2.eurprd03.prod.outlook.com\r\nX-MS-Exchange-Organization-AuthAs: Anonymous\r\n"
INSIDE = ABOUT.replace("Anonymous", "Internal").replace("DB1PEPF000509E2", "AS8PR04MB7927")


def mail(
    *, within: str = WITHIN, results: str = FOUND, front: str = FRONT, sent: str = "", about: str = ABOUT
) -> bytes:
    """A mail as a mailbox at Microsoft holds it; `sent` are headers that its sender wrote."""
    spf = "Received-SPF: Pass (protection.outlook.com: x) receiver=protection.outlook.com;\r\n"
    own = f"Authentication-Results: {results}\r\n{spf}" if results else ""
    return f"{within}{own}{front}{sent}From: <a@firma.example>\r\n{about}\r\nHello\r\n".encode()


def test_what_its_front_end_wrote_is_its_own() -> None:
    """S7"""
    assert unnamed_results(mail()) == FOUND
    assert unnamed_results(mail(sent=f"Authentication-Results: {FORGED}\r\n")) == FOUND


@pytest.mark.parametrize(
    "raw",
    [
        # From within the company: Exchange Online writes none, and the sender's own stands on top.
        mail(results="", front="", sent=f"Authentication-Results: {FORGED}\r\n{FRONT}", about=INSIDE),
        # Where it has written none, whatever the reason; the sender cannot guess which front end takes the mail.
        mail(results="", sent=f"Authentication-Results: {FORGED}\r\n{FRONT}".replace("DB1PEPF000509E2", "DB1PEPF00050000")),
        # Another hop on top, as of a mail that was taken elsewhere.
        mail(within="Received: from a (1.2.3.4) by mx.evil.example with ESMTP; Mon, 2 Mar 2026 09:05:28 +0000\r\n" + WITHIN),
        mail(within=""),
        mail(about=""),
        mail(about=ABOUT + ABOUT),
        mail(about=INSIDE),
        mail(front=FRONT.replace("protection.outlook.com", "protection.outlook.com.evil.example")),
        mail(front=FRONT.replace(" by", " x by DB1PEPF000509E2.mail.protection.outlook.com (1.2.3.4) by")),
        mail(front=""),
        mail(results="mx.firma.example; dmarc=pass"),
        mail(results=""),
        b"",
    ],
)  # fmt: skip
def test_what_somebody_else_may_have_written_is_nobodys(raw: bytes) -> None:
    """S7"""
    assert unnamed_results(raw) == ""
