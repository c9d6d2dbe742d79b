"""X12 written by the tests' own small means, so that what reads it is judged by other code than its own writer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Marks:
    """Terminator (with the line end after it), element and component separator."""

    end: str = "~"
    line: str = ""
    element: str = "*"
    component: str = ">"


USUAL = Marks()


def transaction(code: str, control: str, *segments: str, marks: Marks = USUAL) -> str:
    """ST, the segments (written with `*`), SE with the right count."""
    body = [f"ST*{code}*{control}", *segments, f"SE*{len(segments) + 2}*{control}"]
    return "".join(segment.replace("*", marks.element) + marks.end + marks.line for segment in body)


def group(code: str, control: int, *sets: str, release: str = "004010", marks: Marks = USUAL) -> str:
    """GS, the sets, GE."""
    head = f"GS*{code}*AMAZON*VENDOR*20261123*1000*{control}*X*{release}"
    tail = f"GE*{len(sets)}*{control}"
    return "".join(
        (
            head.replace("*", marks.element) + marks.end + marks.line,
            *sets,
            tail.replace("*", marks.element) + marks.end + marks.line,
        )
    )


def interchange(*groups: str, control: int = 1, version: str = "00401", marks: Marks = USUAL) -> str:
    """ISA, the groups, IEA."""
    head = f"ISA*00*          *00*          *ZZ*AMAZON         *ZZ*VENDOR         *261123*1000*U*{version}*{control:09}*0*P*"
    tail = f"IEA*{len(groups)}*{control:09}"
    return "".join(
        (
            head.replace("*", marks.element) + marks.component + marks.end + marks.line,
            *groups,
            tail.replace("*", marks.element) + marks.end + marks.line,
        )
    )


HEADER = (
    "BEG*00*NE*4TJ8X1QA**20261120",
    "REF*CR*VEND1",
    "CSH*Y",
    "DTM*064*20261125",
    "DTM*063*20261201",
    "N1*ST**92*ABE2",
)
LINES = (
    "PO1*1*10*EA*9.50*NE*BP*B0TRUEUP01*VN*SKU-1",
    "PO1*2*4*CA*24.00*NE*BP*B0TRUEUP02*VN*SKU-2",
    "PO4*12",
)


def order(*segments: str, control: str = "0001", marks: Marks = USUAL) -> str:
    """An 850 of the segments, or a usual one of two lines."""
    return transaction("850", control, *(segments or (*HEADER, *LINES, "CTT*2*14")), marks=marks)


def orders_file(*sets: str, marks: Marks = USUAL, control: int = 1) -> bytes:
    """One interchange of one group of orders."""
    return interchange(
        group("PO", control, *(sets or (order(marks=marks),)), marks=marks), control=control, marks=marks
    ).encode()
