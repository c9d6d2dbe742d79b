"""A buyer that trades by EDI files in two folders: it leaves 850s, checks our 855s by its own small means, answers with 997s.

It knows X12 as far as it needs: segments split by the separators that ISA shows, envelopes whose numbers and counts must
agree. Some of its 997s come late, some reject; some of its own files are broken, because such files come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid

_ELEMENT, _COMPONENT, _END = "*", ">", "~"
_ISA_LENGTH = 106
_UNITS = {"Eaches": "EA", "Cases": "CA"}
_ANSWERS = {"IA": "accepted", "IB": "backordered"}
TROUBLES = ("truncated", "wrong-count", "wrong-control", "duplicate")


@dataclass(frozen=True, slots=True)
class Habits:
    """How the buyer behaves: which of the 855s it gets, counted from 1, it acknowledges late, and which it rejects."""

    buyer: str = "AMAZONEDI"
    vendor: str = "RIVERSIDE"
    late: frozenset[int] = frozenset({3})
    late_by: timedelta = timedelta(hours=30)
    rejected: frozenset[int] = frozenset({5})


@dataclass(slots=True)
class SentFile:
    """A file that the buyer left: what is wrong with it (nothing: an order), its group's number, and the 997s that came."""

    name: str
    trouble: str
    order: str
    control: int
    sent_at: datetime
    verdicts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    """An 855 as the buyer read it. Quantities by line and answer; `problems` are what is wrong with it."""

    name: str
    order: str
    control: str
    received_at: datetime
    lines: list[dict[str, Any]]
    problems: list[str]
    acknowledged: str = ""
    acknowledged_at: datetime | None = None


class EdiBuyer:
    """Leaves files in `inbox` (the vendor's) and takes them from `outbox`. Its own record is its memory."""

    def __init__(self, inbox: Path, outbox: Path, now: Callable[[], datetime], habits: Habits | None = None) -> None:
        self._inbox, self._outbox, self._now = inbox, outbox, now
        self._habits = habits or Habits()
        self._orders: dict[str, dict[str, Any]] = {}
        self._files: list[SentFile] = []
        self._answers: list[Answer] = []
        self._owed: list[tuple[datetime, Answer, str]] = []
        self._unreadable: list[dict[str, str]] = []
        self._control = 0

    def send_order(self, order: Mapping[str, Any]) -> str:
        """Leave a new purchase order; returns the file's name. Raises Invalid when it was sent before."""
        number = str(order["number"])
        if number in self._orders:
            raise Invalid(f"EDI order {number} was sent before.")
        self._orders[number] = dict(order)
        return self._leave("", number, lambda control: self._order_text(order, control).encode())

    def send_trouble(self, kind: str, model: Mapping[str, Any]) -> str:
        """Leave a file that is not as it should be, like an order of the model's lines under a number of its own.

        `duplicate` is the model itself, byte for byte, under another name. Raises Invalid for another kind.
        """
        if kind not in TROUBLES:
            raise Invalid(f"EDI trouble {kind!r}: expected one of {', '.join(TROUBLES)}.")
        if kind == "duplicate":
            before = next(file for file in self._files if file.order == model["number"])
            text = self._order_text(model, before.control, before.sent_at).encode()
            return self._leave(kind, str(model["number"]), lambda control: text, before.control)
        ghost = {**model, "number": f"GHOST{TROUBLES.index(kind)}"}
        return self._leave(kind, ghost["number"], lambda control: _broken(kind, self._order_text(ghost, control)))

    def _leave(self, trouble: str, order: str, text: Callable[[int], bytes], control: int = 0) -> str:
        self._control += 1
        used = control or self._control
        name = f"po-{self._control:06d}.edi"
        aside = self._inbox / f".{name}.writing"
        aside.write_bytes(text(used))
        aside.replace(self._inbox / name)
        self._files.append(SentFile(name, trouble, order, used, self._now()))
        return name

    def _order_text(self, order: Mapping[str, Any], control: int, at: datetime | None = None) -> str:
        placed = read_instant(order["placed_at"])
        opens, closes = (read_instant(day) for day in order["window"])
        segments = [
            f"BEG*00*NE*{order['number']}**{placed:%Y%m%d}",
            f"REF*CR*{order['vendor_code']}",
            "CSH*Y",
            f"DTM*064*{opens:%Y%m%d}",
            f"DTM*063*{closes:%Y%m%d}",
            "N1*ST**92*ABE8",
        ]
        for line in order["lines"]:
            segments.append(_po1(line))
            if line["unit"] == "Cases":
                segments.append(f"PO4*{line['unit_size']}")
        segments.append(f"CTT*{len(order['lines'])}*{sum(line['amount'] for line in order['lines'])}")
        return self._interchange("PO", "850", segments, control, at)

    def _interchange(
        self, group: str, code: str, segments: Sequence[str], control: int, at: datetime | None = None
    ) -> str:
        now, habits = at or self._now(), self._habits
        parties = f"ZZ*{habits.buyer:<15}*ZZ*{habits.vendor:<15}"
        rows = [
            f"ISA*00*{'':10}*00*{'':10}*{parties}*{now:%y%m%d}*{now:%H%M}*U*00401*{control:09d}*0*P*{_COMPONENT}",
            f"GS*{group}*{habits.buyer}*{habits.vendor}*{now:%Y%m%d}*{now:%H%M}*{control}*X*004010",
            f"ST*{code}*0001",
            *segments,
            f"SE*{len(segments) + 2}*0001",
            f"GE*1*{control}",
            f"IEA*1*{control:09d}",
        ]
        return "".join(row + _END for row in rows)

    def look(self) -> int:
        """Take what the vendor left: check 855s, note 997s; send the 997s that are due. Returns how many files came."""
        waiting = sorted(path for path in self._outbox.iterdir() if path.is_file() and not path.name.startswith("."))
        for path in waiting:
            self._take(path.name, path.read_bytes())
            path.unlink()
        now = self._now()
        due = [item for item in self._owed if item[0] <= now]
        self._owed = [item for item in self._owed if item[0] > now]
        for _, answer, verdict in due:
            self._acknowledge(answer, verdict)
        return len(waiting)

    def _take(self, name: str, content: bytes) -> None:
        try:
            segments = split_segments(content)
        except Invalid as error:
            self._unreadable.append({"name": name, "why": str(error)})
            return
        problems = envelope_problems(segments, self._habits.buyer)
        code = next((segment[1] for segment in segments if segment[0] == "ST"), "")
        if code == "997":
            self._note_verdict(segments)
        elif code == "855":
            self._note_answer(name, segments, problems)
        else:
            self._unreadable.append({"name": name, "why": f"set {code!r}: expected an 855 or a 997"})

    def _note_verdict(self, segments: list[list[str]]) -> None:
        group = next(int(segment[2]) for segment in segments if segment[0] == "AK1")
        verdict = next(segment[1] for segment in segments if segment[0] == "AK9")
        for file in self._files:
            if file.control == group:
                file.verdicts.append(verdict)

    def _note_answer(self, name: str, segments: list[list[str]], problems: list[str]) -> None:
        number = next((segment[3] for segment in segments if segment[0] == "BAK"), "")
        control = next(segment[6] for segment in segments if segment[0] == "GS")
        lines, wrong = read_answer(segments, self._orders.get(number))
        answer = Answer(name, number, control, self._now(), lines, problems + wrong)
        self._answers.append(answer)
        place, now, habits = len(self._answers), self._now(), self._habits
        verdict = "R" if place in habits.rejected or problems else "A"
        self._owed.append((now + habits.late_by if place in habits.late else now, answer, verdict))

    def _acknowledge(self, answer: Answer, verdict: str) -> None:
        rejected = ["AK5*R*5", "AK9*R*1*1*0"]
        judged = rejected if verdict == "R" else ["AK5*A", "AK9*A*1*1*1"]
        segments = [f"AK1*PR*{answer.control}", "AK2*855*0001", *judged]
        self._leave("997", answer.order, lambda control: self._interchange("FA", "997", segments, control).encode())
        answer.acknowledged, answer.acknowledged_at = verdict, self._now()

    def next_event(self) -> datetime | None:
        """When the next 997 is due; it is sent by the look after."""
        return min((due for due, _, _ in self._owed), default=None)

    def state(self) -> dict[str, Any]:
        """The buyer's own record, as plain data."""
        return {
            "orders": list(self._orders.values()),
            "files": [
                {
                    "name": file.name,
                    "trouble": file.trouble,
                    "order": file.order,
                    "control": file.control,
                    "sent_at": write_instant(file.sent_at),
                    "verdicts": list(file.verdicts),
                }
                for file in self._files
            ],
            "answers": [
                {
                    "name": answer.name,
                    "order": answer.order,
                    "control": answer.control,
                    "received_at": write_instant(answer.received_at),
                    "lines": answer.lines,
                    "problems": answer.problems,
                    "acknowledged": answer.acknowledged,
                    "acknowledged_at": write_instant(answer.acknowledged_at) if answer.acknowledged_at else None,
                }
                for answer in self._answers
            ],
            "unreadable": self._unreadable,
        }


def _po1(line: Mapping[str, Any]) -> str:
    return f"PO1*{line['sequence']}*{line['amount']}*{_UNITS[line['unit']]}*{line['net_cost']}*NE*BP*{line['asin']}"


def _broken(kind: str, text: str) -> bytes:
    match kind:
        case "truncated":
            return text[: len(text) * 2 // 3].encode()
        case "wrong-count":
            return text.replace("SE*", "SE*9").encode()
        case _:
            return text.replace("*0001~GE", "*0002~GE").encode()


def split_segments(content: bytes) -> list[list[str]]:
    """The segments of one interchange as elements. Raises Invalid when it is none."""
    text = content.decode("latin-1")
    if len(text) < _ISA_LENGTH or not text.startswith("ISA"):
        raise Invalid(f"{len(text)} characters that begin with {text[:3]!r}: expected an X12 interchange.")
    element, end = text[3], text[_ISA_LENGTH - 1]
    return [segment.strip("\r\n").split(element) for segment in text.split(end) if segment.strip()]


def envelope_problems(segments: list[list[str]], receiver: str) -> list[str]:
    """What does not agree in the envelopes: control numbers, counts, and whom it is for."""
    found: list[str] = []
    kinds: dict[str, list[list[str]]] = {}
    for segment in segments:
        kinds.setdefault(segment[0], []).append(segment)
    for opening, closing, at_opening, at_closing in (("ISA", "IEA", 13, 2), ("GS", "GE", 6, 2), ("ST", "SE", 2, 2)):
        opened, closed = kinds.get(opening, []), kinds.get(closing, [])
        if [row[at_opening] for row in opened] != [row[at_closing] for row in closed]:
            found.append(f"{opening} and {closing} do not carry the same control numbers")
    counts = [int(row[1]) for row in kinds.get("SE", [])]
    starts = [place for place, row in enumerate(segments) if row[0] == "ST"]
    ends = [place for place, row in enumerate(segments) if row[0] == "SE"]
    if counts != [end - start + 1 for start, end in zip(starts, ends, strict=False)]:
        found.append("SE01 does not count the segments")
    if [int(row[1]) for row in kinds.get("GE", [])] != [len(starts)] or [int(row[1]) for row in kinds["IEA"]] != [1]:
        found.append("GE01 or IEA01 does not count what stands inside")
    if segments[0][8].strip() != receiver:
        found.append(f"it is for {segments[0][8].strip()}, not for {receiver}")
    return found


def read_answer(segments: list[list[str]], order: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines of an 855 with their sums by answer, and what is wrong with them against the order that was sent."""
    if order is None:
        return [], ["it answers an order that was never sent"]
    sent = {str(line["sequence"]): line for line in order["lines"]}
    lines: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    current = ""
    for segment in segments:
        if segment[0] == "PO1":
            current = segment[1]
            lines[current] = {"sequence": int(current), "accepted": 0, "backordered": 0, "rejected": 0}
            if current not in sent or _ELEMENT.join(segment[:8]) != _po1(sent[current]):
                problems.append(f"line {current} is not echoed as it was sent")
        elif segment[0] == "ACK":
            lines[current][_ANSWERS.get(segment[1], "rejected")] += int(segment[2])
    for name, line in sent.items():
        told = lines.get(name)
        if told is None:
            problems.append(f"line {name} is not answered")
        elif told["accepted"] + told["backordered"] + told["rejected"] != line["amount"]:
            problems.append(f"line {name} is answered for another quantity than {line['amount']}")
    return list(lines.values()), problems
