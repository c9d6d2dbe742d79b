"""Forms of deductions that nobody documented: plausible, new each time, and in no grammar. A correct system must not guess them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from trueup.simulation.remittances.causes import SUSPENSE
from trueup.simulation.remittances.records import Line

_FORMS: tuple[tuple[Callable[[Random], str], str], ...] = (
    (lambda c: f"ZQ-{c.randint(10_000, 99_999)}-LOGI", "Carton measure variance"),
    (lambda c: f"CRTN/{c.randint(1_000, 9_999)}/{c.randint(10, 99)}", "Dock slot rebooking"),
    (lambda c: f"SUSTPKG-{c.randint(10_000, 99_999)}", "Packaging pledge programme"),
    (lambda c: f"VLT.OVR.{c.randint(1_000, 9_999)}", "Vault overstay"),
    (lambda c: f"BX{c.randint(1, 9)} {c.randint(100_000, 999_999)}", "Image capture studio"),
    (lambda c: f"MKTG ADJ {c.randint(100, 999)}", "Storefront module"),
    (lambda c: f"HZMT{c.randint(100_000, 999_999)}Q", "Dangerous goods file upkeep"),
    (lambda c: f"LBLPRG#{c.randint(1_000, 9_999)}", "Barcode programme"),
    (lambda c: f"CLM8-{c.randint(100, 999)}-{c.choice('ABCDEF')}{c.randint(10, 99)}", "Climate levy"),
    (lambda c: f"NPI{c.randint(10_000, 99_999)}/KIT", "New item launch kit"),
    (lambda c: f"EUDR:{c.randint(10_000, 99_999)}", "Origin statement upkeep"),
    (lambda c: f"TRNSLT{c.randint(1_000, 9_999)}", "Detail page translation"),
    (lambda c: f"Q{c.randint(1, 4)}SETTLE+{c.randint(1_000, 9_999)}", "Quarterly true-up"),
    (lambda c: f"RBL={c.randint(100_000, 999_999)}", "Relabel of pallets"),
)
UNKNOWN_CODES = ("Q9", "7Z")
"""Adjustment codes that X12 element 426 does not have."""


def unknown_line(chance: Random) -> Line:
    """A line in one of these forms; one in twelve gives instead of taking."""
    form, words = chance.choice(_FORMS)
    amount = chance.randint(300, 40_000) * (1 if chance.randrange(12) == 0 else -1)
    line = Line(form(chance), amount, "unknown-form", SUSPENSE, gross=amount, description=words)
    line.posts, line.planted, line.words = False, "unknown-form", ("Others", words)
    return line
