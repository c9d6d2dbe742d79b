"""What each line of a payment is of a sum: of what its lines tell, and of a row of what is booked."""

from __future__ import annotations

from trueup.domain.remittances import Remittance
from trueup.domain.settlement import Placement


def told_shares(told: Remittance) -> dict[str, dict[int, int]]:
    """What each line says, in minor units by its number: settled, adjusted inside it, kept as discount and as tax; and by how much
    the payment is more than that, which is of no line (0). Together they are the payment."""
    shares = {
        "settled": {line.number: line.settled for line in told.lines},
        "adjusted": {line.number: sum(each.minor for each in line.carved) for line in told.lines if line.adjustments},
        "discount": {line.number: -line.discount for line in told.lines if line.discount},
        "tax": {line.number: -line.withheld for line in told.lines if line.withheld},
        "rest": {0: told.tie.minor} if told.tie else {},
    }
    return {name: of for name, of in shares.items() if of}


def booking_of(each: Placement) -> str:
    """The row of what is booked that a placement is in: account, type, and the case where it waits; names it among groups."""
    return f"{each.account} {each.type} {each.case}".strip()


LINE_OF_PLACEMENT = "CASE WHEN {0} < 0 THEN (-{0} - 1) / 100 ELSE {0} END"
"""The same in SQL as `line_of_placement`, of the column that is put in."""


def line_of_placement(number: int) -> int:
    """The line that a placement is of: an adjustment's is that of the line it stands in."""
    return (-number - 1) // 100 if number < 0 else number
