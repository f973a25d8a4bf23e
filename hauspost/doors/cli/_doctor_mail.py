"""What `hauspost doctor` sees of mailboxes: mail servers in trouble, secrets that end, plus-addresses (P10, S9)."""

from collections.abc import Iterator

from hauspost.doors.cli._finding import Finding
from hauspost.ground.config import Config

# Enough of the newest mails to tell whether plus-addresses arrive, however many years the journal holds.
_LOOKED_AT = 500


def mail_servers(config: Config) -> Iterator[Finding]:
    """Accounts that fail, wait for an authorisation, or whose client secret ends; and folders that cannot be read."""
    from hauspost.duties.intake.watching import ending_secrets
    from hauspost.ground import clock
    from hauspost.ground.accounts.models import MailAccount

    pages = f"{config.public_url.rstrip('/')}/desk/settings/mail-servers"
    for account in MailAccount.objects.active():
        name, page = f"mail server {account.name}", f"{pages}/{account.pk}"
        if account.held_at is not None:
            words = "on hold since this desk was restored: nothing is fetched or sent by it"
            yield Finding(name, advice=f"when this is the desk now, resume it: {page}", words=words)
        elif account.state == MailAccount.State.SIGNED_OUT or not account.is_authorised:
            yield Finding(name, account.last_error or "has not been authorised yet", f"authorise it: {page}")
        elif account.state == MailAccount.State.FAILING:
            yield Finding(name, f"cannot be used: {account.last_error}", f"mend what it says, then test it: {page}")
        else:
            yield Finding(name, "works" if account.last_good_at else "has not been tried yet")
    yield from _folders(config)
    for one in ending_secrets(clock.now()):
        name, fix = f"mail server {one.account.name}", f"make a new one at the provider: {pages}/{one.account.pk}"
        if one.days_left < 0:
            yield Finding(name, "its client secret has ended", fix)
        else:
            yield Finding(name, f"its client secret ends in {one.days_left} days", advice=fix)


def _folders(config: Config) -> Iterator[Finding]:
    from hauspost.duties.intake.models import FetchedFolder

    rows = FetchedFolder.objects.filter(state=FetchedFolder.State.FAILING, mailbox__archived_at__isnull=True)
    for row in rows.select_related("account", "mailbox__address"):
        words = f"{row.folder} of {row.account.name} cannot be fetched: {row.last_error}"
        page = f"{config.public_url.rstrip('/')}/desk/settings/mailboxes/{row.mailbox_id}"
        yield Finding(f"mailbox {row.mailbox.address.address}", words, f"mend it: {page}")


def plus_addresses(config: Config) -> Iterator[Finding]:
    """Do answers come to plus-addresses, and could strangers misuse them?"""
    from hauspost.records.people.models import Mailbox

    rows = Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True)
    for box in rows.select_related("address").order_by("id"):
        address = box.address.address
        local, _at, domain = address.partition("@")
        yield _arrive(address)
        if domain in config.company_domains:
            words = (
                "its plus-addresses lie in the company's main mail domain, where strangers may try to misuse them (S9)"
            )
            better = f"take {local}@tickets.{domain} as the mailbox, and {address} as another address of it"
            yield Finding(f"mailbox {address}", words, advice=better)


def _arrive(address: str) -> Finding:
    """Mail that came to a plus-address proves that the mail server passes them on; nothing is sent for it."""
    from hauspost.duties.intake.models import Delivery

    local, _at, _domain = address.partition("@")
    newest = Delivery.objects.filter(mailbox=address).order_by("-id").values_list("recipient", flat=True)[:_LOOKED_AT]
    if any(recipient.startswith(f"{local}+") for recipient in newest):
        return Finding(f"mailbox {address}", "mail to its plus-addresses arrives")
    words = "no mail has come to one of its plus-addresses yet"
    return Finding(f"mailbox {address}", words, advice=f"try it: hauspost mailbox test {address}")


def all_send_by_accounts() -> bool:
    """Has every mailbox that may send a mail server of its own? Then the house needs none. False when nobody knows."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    try:
        from hauspost.records.people.models import Mailbox

        boxes = Mailbox.objects.filter(archived_at__isnull=True, team__archived_at__isnull=True, may_send=True)
        ways = list(boxes.values_list("sends_by", flat=True))
    except (DatabaseError, ImproperlyConfigured):
        # Told already: the database cannot be used.
        return False
    return bool(ways) and None not in ways
