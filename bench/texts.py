"""Believable words for the bench: German and English letters whose words are as unevenly common as in real ones (pure).

One word ("drucker") stands in nearly half of all entries, some thousand compounds follow Zipf's law, and each of the rare words
stands in exactly four tickets, however large the desk is.
"""

import random
from collections.abc import Sequence
from itertools import accumulate

COMMON_WORD = "drucker"
RARE_WORDS = (
    "Zyklonabscheider", "Quittenpresse", "Vexillum", "Ophthalmoskop", "Kaltwachs", "Jochbrücke", "Mondsteinlack",
    "Pyrometer", "Xylothek", "Wolkenheber", "Brunnenkresse", "Tintenfischer",
)  # fmt: skip
TICKETS_OF_A_RARE_WORD = 4

_FIRST_PARTS = (
    "Netzwerk", "Lager", "Etiketten", "Büro", "Server", "Kassen", "Zeit", "Werks", "Labor", "Telefon", "Konferenz",
    "Versand", "Daten", "Sicherheits", "Schulungs", "Rechnungs", "Personal", "Besucher", "Park", "Dach", "Keller",
    "Montage", "Prüf", "Produktions", "Kunden", "Bestell", "Reise", "Urlaubs", "Heizungs", "Klima", "Brandschutz",
    "Tür", "Fenster", "Licht", "Strom", "Wasser", "Notfall", "Archiv", "Projekt", "Vertrags", "Miet", "Fahrzeug",
    "Stapler", "Waagen", "Scanner", "Barcode", "Monitor", "Tastatur", "Maus", "Laptop", "Tablet", "Handy", "Funk",
    "Antennen", "Kabel", "Router", "Switch", "Firewall", "Backup", "Passwort",
)  # fmt: skip
_SECOND_PARTS = (
    "gerät", "schrank", "zugang", "konto", "system", "anzeige", "leitung", "station", "terminal", "karte", "schlüssel",
    "ordner", "liste", "formular", "vorlage", "lizenz", "anschluss", "steuerung", "anlage", "raum", "platz", "regal",
    "modul", "adapter", "netzteil", "laufwerk", "speicher", "protokoll", "bericht", "kalender", "antrag", "ausweis",
    "kamera", "sensor", "ventil", "filter", "pumpe", "motor", "schalter", "sicherung", "verteiler", "dose", "gehäuse",
    "halterung", "abdeckung", "tisch", "stuhl", "leuchte", "melder", "freigabe", "meldung", "prüfung", "wartung",
    "bestellung", "lieferung", "reservierung", "buchung", "nummer", "datei", "software",
)  # fmt: skip
_ENGLISH = (
    "laptop", "docking station", "screen", "headset", "mailbox", "shared folder", "password", "badge reader", "scanner",
    "meeting room", "projector", "forklift", "air conditioning", "light", "door", "coffee machine", "phone line",
    "label roll", "network drive", "licence", "calendar", "printer queue", "cash register", "time sheet", "car pool",
    "parking space", "contract", "invoice", "travel request", "fire door", "elevator", "heating", "keyboard", "mouse",
    "VPN client", "certificate", "backup tape", "router", "switch cabinet", "access card",
)  # fmt: skip
_GERMAN_SENTENCES = (
    "seit heute früh geht bei uns im Bereich {place} das Thema {thing} nicht mehr.",
    "Der Drucker am Platz {code} zieht kein Papier mehr ein.",
    "Auf dem Drucker {code} kommt nur noch leeres Papier heraus.",
    "Der Drucker meldet einen Papierstau, obwohl nichts klemmt.",
    "Bitte schauen Sie sich {thing} einmal an, die Kollegen warten schon.",
    "Ich habe den Rechner zweimal neu gestartet, das hat nichts geändert.",
    "Wir brauchen {thing} spätestens bis Freitag für die Inventur.",
    "Die Meldung lautet: Fehler {code}, Vorgang abgebrochen.",
    "Können Sie mir bitte sagen, wer für {thing} zuständig ist?",
    "Betroffen sind alle Plätze im {place}, ungefähr zwölf Leute.",
    "Gestern ging {thing} noch, über Nacht muss sich etwas geändert haben.",
    "Das Etikett wird schief bedruckt und der Barcode lässt sich nicht lesen.",
    "Im Raum {code} ist {thing} ausgefallen, die Sicherung ist drin.",
    "Wir haben {thing} geprüft und ein Ersatzteil bestellt.",
    "Das Teil kommt voraussichtlich am Donnerstag, dann fahren wir zu Ihnen hinaus.",
    "Bitte melden Sie sich einmal ab und wieder an, danach sollte {thing} da sein.",
    "Das Problem mit {thing} ist behoben, bitte prüfen Sie es kurz.",
    "Vielen Dank, jetzt geht es wieder, nur {thing} ist noch langsam.",
    "Der Kollege war vor Ort und hat {thing} ausgetauscht.",
    "Ich bin heute bis 16 Uhr unter der Durchwahl {code} zu erreichen.",
    "Für den neuen Mitarbeiter im {place} fehlt noch {thing}.",
    "Leider ist {thing} immer noch nicht freigegeben.",
    "Der Vertrag für {thing} läuft zum Monatsende aus.",
    "Wir haben die Nummer {code} an den Lieferanten gegeben.",
)
_ENGLISH_SENTENCES = (
    "since this morning the {english} in {place} does not work any more.",
    "The Drucker next to {code} is out of toner, the others are fine.",
    "Please have a look at the {english}, three colleagues are waiting.",
    "I restarted twice and it made no difference.",
    "The message says: error {code}, operation cancelled.",
    "Could you tell me who looks after the {english}?",
    "We need the {english} by Friday at the latest.",
    "It worked yesterday, so something must have changed over night.",
    "We have checked the {english} and ordered a spare part.",
    "Please sign out and in again, the {english} should be there then.",
    "The problem with the {english} is solved, please check.",
    "Thank you, it works again, only the {english} is still slow.",
    "You can reach me at extension {code} until four.",
    "A new colleague starts on Monday and needs a {english}.",
)
_PLACES = ("Lager", "Versand", "Empfang", "Labor", "Werk 2", "Büro 3. OG", "Keller", "Hochregal", "Kantine", "Pforte")
_FIRST_NAMES = (
    "Anna", "Jonas", "Petra", "Yusuf", "Mira", "Deniz", "Sabine", "Paweł", "Claire", "Giulia", "Karim", "Wolfgang",
    "Lena", "Tobias", "Ines", "Jürgen", "Aylin", "Stefan", "Björn", "Zoë", "Heike", "Marco", "Olga", "Peter",
)  # fmt: skip
_LAST_NAMES = (
    "Müller", "Weiss", "Lang", "Krüger", "Demir", "Schröder", "Nowak", "Fischer", "Özdemir", "Bauer", "Vogel", "Hahn",
    "Schäfer", "Richter", "Klein", "Groß", "Jäger", "Brandt", "Kühn", "Lorenz", "Martin", "Rossi", "Haas", "Böhm",
)  # fmt: skip


def person_name(number: int) -> str:
    """The name of the bench's person of this number; none comes twice among the first 576."""
    count = len(_FIRST_NAMES)
    return f"{_FIRST_NAMES[number % count]} {_LAST_NAMES[(number // count + number) % len(_LAST_NAMES)]}"


class Author:
    """Writes letters; the same seed writes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        words = [first + second for first in _FIRST_PARTS for second in _SECOND_PARTS]
        random.Random(1).shuffle(words)
        self._things: Sequence[str] = words
        # Zipf: the word of rank n is n times rarer than the first.
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
        self._pools = {language: self._sentences(language) for language in ("de", "en")}

    def subject(self, language: str) -> str:
        """A subject of a few words."""
        thing, place = self._thing(), self._random.choice(_PLACES)
        if language == "en":
            return f"{self._random.choice(_ENGLISH).capitalize()} {self._random.choice(('broken', 'missing', 'slow'))} in {place}"
        return f"{thing} {self._random.choice(('defekt', 'fehlt', 'gesperrt', 'geht nicht', 'dringend'))} · {place}"

    def text(self, language: str, name: str, extra: str = "") -> str:
        """A letter of three to eight sentences; `extra` is a word that has to stand in it."""
        chosen = self._random.choices(self._pools[language], k=self._random.randint(3, 8))
        half = len(chosen) // 2
        hello, bye = ("Hallo,", "Viele Grüße") if language == "de" else ("Hello,", "Kind regards")
        about = f" {extra} {self._code()}." if extra else f" {self._code()}."
        return f"{hello}\n\n{' '.join(chosen[:half])}\n\n{' '.join(chosen[half:])}{about}\n\n{bye}\n{name}\n"

    def _sentences(self, language: str) -> list[str]:
        patterns = _GERMAN_SENTENCES if language == "de" else _ENGLISH_SENTENCES
        return [self._filled(self._random.choice(patterns)) for _ in range(6_000)]

    def _filled(self, pattern: str) -> str:
        return pattern.format(
            thing=self._thing(),
            english=self._random.choice(_ENGLISH),
            place=self._random.choice(_PLACES),
            code=self._code(),
        )

    def _thing(self) -> str:
        return self._random.choices(self._things, cum_weights=self._weights)[0]

    def _code(self) -> str:
        return f"{self._random.choice(('LV', 'HH', 'KO', 'WN'))}-{self._random.randrange(50_000):06d}"
