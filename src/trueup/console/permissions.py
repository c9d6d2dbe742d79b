"""What each permission is called, in the words of a person: a verb and its object."""

from __future__ import annotations

_WORDS = {
    "agreements.approve": "Approve changes of agreements",
    "agreements.propose": "Propose changes of agreements",
    "bank.import": "Import bank statements",
    "bank.tie": "Tie payments to the bank",
    "cases.discuss": "Comment on, assign and snooze cases",
    "cases.resolve": "Resolve cases",
    "charges.check": "Check expected charges",
    "claims.dispute": "Dispute deductions",
    "connections.pause": "Pause, resume and read connections again",
    "connections.test": "Test connections",
    "credit-notes.issue": "Issue credit notes",
    "credits.answer": "Say what became of unanswered credits",
    "credits.break": "Write off credits that are never spent",
    "documents.download": "Download documents",
    "documents.upload": "Hand in documents",
    "documents.erase": "Erase documents",
    "invoices.import": "Import invoices",
    "journal.export": "Export the journal",
    "journal.reverse": "Reverse entries of decisions",
    "look": "See everything",
    "matches.decide": "Match lines, and undo matches",
    "metrics": "Read the metrics",
    "month.close": "Close the books",
    "orders.upload": "Hand in purchase orders",
    "people.keep": "Keep people and roles",
    "products.import": "Import the item master",
    "proposals.approve": "Approve what another proposed",
    "proofs.ask": "Have a light proven anew",
    "proofs.import": "Import proofs of delivery",
    "remittances.import": "Import remittances",
    "rules.approve": "Approve rules",
    "rules.propose": "Propose rules",
    "runs.mend": "Retry and cancel runs",
    "secrets.keep": "Keep secrets",
    "stock.declare": "Declare stock",
    "stock.buffers": "Change buffers of channels",
    "reports.ask": "Ask Amazon for reports",
    "terms.approve": "Approve terms of charges",
    "terms.propose": "Propose terms of charges",
    "tokens.make": "Make access tokens",
    "escalation.change": "Change to whom cases escalate",
    "goods.take-back": "Take back goods of an order",
    "trade-ins.grade": "Grade trade-ins",
    "trade-ins.record": "Record trade-ins",
    "trade-ins.reveal": "See the codes of gift cards",
}


def words_of(permission: str) -> str:
    """The permission as a sentence would name it; one that has no words yet is told by its own name."""
    return _WORDS.get(permission, permission.replace(".", " ").capitalize())
