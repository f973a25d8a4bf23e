"""Does the record still hold? Every chain, every content, every head and every seal, and where exactly it breaks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hauspost.ground import tokens
from hauspost.ground.history import _chain, sealing
from hauspost.ground.history.erasing import DECLARING
from hauspost.ground.history.models import Event, EventPart, Seal, Stream

# Answers {row id: content, or None where the row is gone} for the parts that a noun keeps itself.
Keeper = Callable[[Sequence[int]], Mapping[int, str | None]]

BATCH = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """One break: in which stream, at which event, and what is wrong there."""

    stream: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"{self.stream}, event {self.seq}: {self.what}" if self.seq else f"{self.stream}: {self.what}"


@dataclass
class Findings:
    """What a verification saw; empty `faults` means that everything held."""

    streams: int = 0
    events: int = 0
    parts: int = 0
    erased: int = 0
    seals: int = 0
    files: int = 0
    exported: bool = False
    faults: list[Fault] = field(default_factory=list)


def verify(keepers: Mapping[str, Keeper], *, exported: Sequence[Path] = ()) -> Findings:
    """Check every chain, part, head and seal. `exported` are seal files that were kept elsewhere."""
    found = Findings(exported=bool(exported))
    erased = _declared_erasures()
    digests: dict[str, dict[int, bytes]] = {}
    wanted = _sealed_positions(exported)
    names = list(Stream.objects.order_by("id").values_list("id", flat=True).iterator())
    for start in range(0, len(names), BATCH):
        for stream in Stream.objects.filter(id__in=names[start : start + BATCH]).order_by("id"):
            found.streams += 1
            kept = digests.setdefault(stream.name, {})
            _verify_stream(stream, erased, wanted.get(stream.name, set()), kept, found)
    _verify_kept_parts(keepers, found)
    _verify_seals(digests, exported, found)
    return found


def _declared_erasures() -> set[int]:
    """The parts whose erasure the record itself declares."""
    import json

    declared: set[int] = set()
    for data in Event.objects.filter(kind__in=DECLARING).values_list("data", flat=True):
        declared.update(json.loads(data).get("parts", []))
    return declared


def _verify_stream(stream: Stream, erased: set[int], wanted: set[int], kept: dict[int, bytes], found: Findings) -> None:
    previous, expected = _chain.genesis(stream.name), 0
    for event, parts in _events_of(stream):
        found.events += 1
        expected += 1
        if event.seq != expected:
            found.faults.append(Fault(stream.name, expected, f"missing; the next one found is {event.seq}"))
            expected = event.seq
        digest = _chain.event_digest(
            version=event.version,
            previous=previous,
            seq=event.seq,
            kind=event.kind,
            actor=event.actor,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            data=event.data,
            parts=[(part.name, part.person_uid, bytes(part.digest)) for part in parts],
        )
        if digest != bytes(event.digest):
            found.faults.append(Fault(stream.name, event.seq, "altered, or out of its order"))
        for part in parts:
            _verify_part(stream, event, part, erased, found)
        previous = bytes(event.digest)
        if event.seq in wanted:
            kept[event.seq] = previous
    if expected != stream.count or previous != bytes(stream.head):
        what = f"its head says {stream.count} events, {expected} are there"
        if expected == stream.count:
            what = "its last event is not the one its head names"
        found.faults.append(Fault(stream.name, 0, what))
    payload = _chain.head_payload(stream.name, stream.count, bytes(stream.head))
    if not tokens.ring().verify("head", payload, stream.mac_key, bytes(stream.mac)):
        found.faults.append(Fault(stream.name, 0, "its head was moved by somebody without the key"))


def _events_of(stream: Stream) -> Iterator[tuple[Event, list[EventPart]]]:
    events = list(Event.objects.filter(stream=stream).order_by("seq"))
    parts: dict[int, list[EventPart]] = {}
    for part in EventPart.objects.filter(event__stream=stream).order_by("event_id", "position"):
        parts.setdefault(part.event_id, []).append(part)
    for event in events:
        yield event, parts.get(event.id, [])


def _verify_part(stream: Stream, event: Event, part: EventPart, erased: set[int], found: Findings) -> None:
    found.parts += 1
    if part.salt is None:
        found.erased += 1
        if part.id not in erased:
            found.faults.append(Fault(stream.name, event.seq, f"{part.name} is gone, and no erasure declares it"))
    elif not part.held and (
        part.content is None or _chain.part_digest(bytes(part.salt), part.content) != bytes(part.digest)
    ):
        found.faults.append(Fault(stream.name, event.seq, f"{part.name} was altered"))


def _verify_kept_parts(keepers: Mapping[str, Keeper], found: Findings) -> None:
    for held in EventPart.objects.exclude(held="").values_list("held", flat=True).distinct().order_by("held"):
        last = 0
        while True:
            rows = list(
                EventPart.objects.filter(held=held, id__gt=last, salt__isnull=False)
                .select_related("event__stream")
                .order_by("id")[:BATCH]
            )
            if not rows:
                break
            last = rows[-1].id
            contents = keepers[held]([row.held_id for row in rows]) if held in keepers else {}
            for row in rows:
                content = contents.get(row.held_id)
                if content is None:
                    what = f"{row.name} is gone ({held} {row.held_id})"
                elif _chain.part_digest(bytes(row.salt or b""), content) != bytes(row.digest):
                    what = f"{row.name} was altered ({held} {row.held_id})"
                else:
                    continue
                found.faults.append(Fault(row.event.stream.name, row.event.seq, what))


def _sealed_positions(exported: Sequence[Path]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    texts = list(Seal.objects.values_list("lines", flat=True))
    texts += [sealing.read_export(path)["lines"] for path in exported]
    for text in texts:
        for line in text.splitlines():
            name, count, _head = line.rsplit(" ", 2)
            wanted.setdefault(name, set()).add(int(count))
    return wanted


def _verify_seals(digests: Mapping[str, Mapping[int, bytes]], exported: Sequence[Path], found: Findings) -> None:
    previous, expected = sealing.FIRST, 0
    kept: dict[int, bytes] = {}
    for made in Seal.objects.order_by("number"):
        found.seals += 1
        expected += 1
        label = f"seal {made.number}"
        if made.number != expected or bytes(made.previous) != previous:
            found.faults.append(Fault(label, 0, "does not follow the seal before it"))
            expected = made.number
        digest = _chain.seal_digest(made.number, made.sealed_at, bytes(made.previous), made.lines)
        signed = tokens.ring().verify_seal(bytes(made.digest), made.key_id, bytes(made.signature))
        if digest != bytes(made.digest) or not signed:
            found.faults.append(Fault(label, 0, "was altered, or signed with a key that is not ours"))
        _compare_heads(label, made.lines, digests, found)
        previous = kept[made.number] = bytes(made.digest)
    for path in exported:
        _verify_export(sealing.read_export(path), path, kept, digests, found)


def _verify_export(
    export: dict[str, Any],
    path: Path,
    kept: Mapping[int, bytes],
    digests: Mapping[str, Mapping[int, bytes]],
    found: Findings,
) -> None:
    label = f"exported seal {path.name}"
    digest = _chain.seal_digest(export["number"], export["sealed_at"], export["previous"], export["lines"])
    if digest != export["digest"] or not tokens.verify_seal_with(
        export["public_key"], export["digest"], export["signature"]
    ):
        found.faults.append(Fault(label, 0, "the file itself was altered"))
        return
    if kept.get(export["number"]) != export["digest"]:
        found.faults.append(Fault(label, 0, "the record's own seal of this number is another one, or is gone"))
    _compare_heads(label, export["lines"], digests, found)


def _compare_heads(label: str, lines: str, digests: Mapping[str, Mapping[int, bytes]], found: Findings) -> None:
    for line in lines.splitlines():
        name, count, head = line.rsplit(" ", 2)
        there = digests.get(name, {}).get(int(count))
        if there is None:
            found.faults.append(Fault(name, int(count), f"{label} holds this event, the record does not"))
        elif there.hex() != head:
            found.faults.append(Fault(name, int(count), f"is not the event that {label} holds"))
