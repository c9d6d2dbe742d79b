"""Cases in words: what a kind of them is about, what a resolution does, and the colour of where one stands."""

from __future__ import annotations

from trueup.domain.cases import Resolution

_KINDS = {
    "acknowledgement": "Answers to orders",
    "agreement": "Agreements",
    "bank": "Bank",
    "books": "Books",
    "charge": "Charges",
    "circular": "Circular",
    "claim": "Claims",
    "credit": "Credits",
    "deposit": "Deposits",
    "document": "Documents",
    "held": "Held lines",
    "inventory": "Direct Fulfillment",
    "invoice": "Invoices",
    "product": "Products",
    "remittance": "Remittances",
    "report": "Amazon's reports",
    "run": "Runs",
    "settlement": "Settlement",
    "shop": "Shop",
    "source": "Sources",
    "stock": "Stock",
    "trade-in": "Trade-ins",
    "vendor-return": "Goods that came back",
}
_DOES = {
    Resolution.USE_OURS: ("Use our number", "The line is decided on our number."),
    Resolution.ACCEPT_AS_ORDERED: ("Accept as ordered", "The hold is lifted and the line is filled from stock."),
    Resolution.BACKORDER: ("Backorder", "The line is promised for a later day."),
    Resolution.REJECT: ("Reject the line", "The line is answered with a rejection, which cannot be taken back."),
    Resolution.RETRY: ("Try again", "What the case kept from being done is done again."),
    Resolution.CLASSIFY: ("Classify", "The lines get a type and leave suspense."),
    Resolution.CHOOSE: ("Choose an explanation", "One of the rival explanations is booked."),
    Resolution.POST_NOW: ("Post now", "It is posted on the first day of the open month."),
    Resolution.DISPUTE: ("Dispute", "The deduction is claimed back."),
    Resolution.WRITE_OFF: ("Write off", "The claim is given up: a loss."),
    Resolution.SETTLE: ("Say what became of it", "A credit that nobody answered is taken for given, or given anew."),
    Resolution.DISMISS: ("Dismiss", "Nothing is changed; the case is closed."),
}
STANDINGS = {
    "new": ("info", "New"),
    "ongoing": ("idle", "Ongoing"),
    "late": ("bad", "Late"),
    "back": ("warn", "Came back"),
    "waiting": ("held", "Waiting for a second person"),
    "snoozed": ("held", "Snoozed"),
    "resolved": ("ok", "Resolved"),
}
"""The colour and the word of where a case stands."""
BINDING = (Resolution.REJECT, Resolution.WRITE_OFF)
"""What cannot be taken back."""


def title_of_group(kind: str) -> str:
    """A kind of cases as a heading: `held.cost-differs` is "Held lines: cost differs"."""
    stem, _, rest = kind.partition(".")
    heading = _KINDS.get(stem, stem.capitalize())
    return f"{heading}: {rest.replace('-', ' ').replace('.', ', ')}" if rest else heading


def label_of(resolution: str) -> str:
    """What its button says."""
    return _DOES[Resolution(resolution)][0]


def effect_of(resolution: str) -> str:
    """What it does, in a sentence."""
    return _DOES[Resolution(resolution)][1]
