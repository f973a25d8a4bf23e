"""Run in a process of its own: sets the database of a folder up with the named cast, who can sign in."""

import sys

import django

PASSWORD = "correct horse battery"

if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    from hauspost.records.people.actions import set_password
    from hauspost.records.people.actor import SYSTEM
    from tests.desk import Desk

    call_command("migrate", verbosity=0)
    desk = Desk.opened()
    for name in sys.argv[1:]:
        set_password(desk.person(name), PASSWORD, actor=SYSTEM)
