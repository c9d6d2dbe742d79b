"""What the vendor's finance people do in the demonstration: answer what waits, dispute claims, close the month, keep its papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdf
import sqlalchemy as sa

from trueup.app import Application
from trueup.base.errors import Conflict
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.demo.part import person
from trueup.domain.closing import Month
from trueup.domain.deduction import Family
from trueup.domain.disputes import DisputeState
from trueup.domain.settlement import UNRECOGNISED
from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack
from trueup.simulation import installation
from trueup.storage.closing import load_closing
from trueup.storage.suspense import waiting_lines
from trueup.storage.views.cases import list_cases
from trueup.storage.views.closing import hold_still
from trueup.storage.views.closing_points import known_packs
from trueup.storage.views.recovery import load_brief
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import choose_rival, classify_case
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.close_month import look_at_month, propose_closing
from trueup.workflows.dispute_claim import Submission, disputable_types, submit_claim
from trueup.workflows.draft_rules import WantedRule, rule_of_case
from trueup.workflows.keep_rules import approve_rule, propose_rule, try_rule
from trueup.workflows.rank_claims import Ranked, rank_claims
from trueup.workflows.sign_off import answer_open
from trueup.workflows.world import Tx

_EVERYTHING = 1_000_000
_CONTESTED = "remittance.contested"
DISPUTES = 3
COMPANY = "Riverside Wares (demo)"


@dataclass
class Finance:
    """The people of finance at their desk, with what they have done so far as plain data."""

    app: Application
    folder: Path
    rules: list[dict[str, Any]] = field(default_factory=list)
    chosen: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    papers: list[Path] = field(default_factory=list)
    proposal: int | None = None

    def classify(self, prefix: str, type_code: str) -> None:
        """Lines that begin so are of a type: the case with the most money is answered, and its form proposed as a rule."""
        by = person(self.app, installation.BOOKKEEPER)
        case = self._waiting_case(prefix)
        if case is None:
            return
        wanted = self.app.engine.act(rule_of_case, case, type_code, "", f"{prefix} is {type_code}")
        self.app.engine.act(lambda tx: classify_case(tx, case, type_code, by, note=f"{prefix} is {type_code}"))
        self._propose(wanted, prefix)

    def _propose(self, wanted: WantedRule, prefix: str) -> None:
        by = person(self.app, installation.BOOKKEEPER)
        saved = self.app.engine.act(propose_rule, wanted, by)
        tried = self.app.engine.act(try_rule, saved.rule.id)
        told = {
            "rule": saved.rule.name,
            "id": saved.rule.id,
            "form": prefix,
            "type": wanted.type,
            "proposed_by": by.name,
        }
        self.rules.append({**told, "pattern": saved.rule.pattern, "would_change": len(tried.whole.effects)})

    def approve_rules(self) -> None:
        """The second person looks at what each proposed rule would change, and approves it."""
        approver = person(self.app, installation.APPROVER)
        for told in self.rules:
            booked = self.app.engine.act(approve_rule, told["id"], approver, "tried on all history")
            told |= {"approved_by": approver.name, "payments": booked.payments, "lines": booked.lines}
            told["amounts"] = [str(amount) for amount in booked.amounts]

    def choose(self, payment: str, reference: str, invoice: Mapping[str, Any]) -> None:
        """Of two explanations of a line the one that settles an invoice is right: somebody asked the buyer."""
        by = person(self.app, installation.BOOKKEEPER)
        with self.app.database.transaction() as connection:
            cases = list_cases(connection, kind=_CONTESTED, limit=_EVERYTHING)
            for case in cases:
                rivals = list_rivals(connection, case["kind"], case["subject"])
                choice = _choice(rivals, payment, f"invoice {invoice['invoice']}")
                if choice is not None:
                    break
            else:
                return
        self.app.engine.act(lambda tx: choose_rival(tx, case["id"], choice, by, note="the buyer was asked"))
        self.chosen.append({"payment": payment, "reference": reference, **invoice})

    def dispute(self) -> None:
        """What brings the most, shortage claims first, is packed and submitted; the packs are kept as files."""
        by, today = person(self.app, installation.BOOKKEEPER), self.app.world.clock.now().date()
        with self.app.database.transaction() as connection:
            ranked = rank_claims(connection, disputable_types(self.app.world.books), today, partner="amazon-us")
        worth_it = [each for each in ranked if each.pays and each.standing.state is DisputeState.OPEN]
        worth_it.sort(key=lambda each: each.found.claim.family is not Family.SHORTAGE)
        for each in worth_it[:DISPUTES]:
            reference = f"DSP-{7_000_000 + each.found.balance.id}"
            self.app.engine.act(submit_claim, each.found.balance.id, Submission(reference, today), by)
            self.disputes.append(self._packed(each, reference))

    def _packed(self, each: Ranked, reference: str) -> dict[str, Any]:
        balance, world = each.found.balance, self.app.world
        with self.app.database.transaction() as connection:
            brief = load_brief(connection, each.found)
            pdf = write_dispute_pack(brief, each.standing, world.clock.now().date(), COMPANY)
            archive = write_dispute_archive(
                brief, pdf, lambda digest: world.archive.load_content(connection, Digest(digest))
            )
        number, shortage = balance.claim.partition("/")[2], each.found.claim.family is Family.SHORTAGE
        self._keep(f"dispute-{number}.pdf", pdf)
        self._keep(f"dispute-{number}.zip", archive)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(self.folder / f"dispute-{number}.pdf").pages)
        return {
            "claim": balance.claim,
            "number": number,
            "partner": balance.partner,
            "minor": balance.open,
            "amount": str(Money(balance.open, balance.currency)),
            "reference": reference,
            "missing": [words for words in brief.missing if words.startswith("proof") and shortage],
            "text": text,
        }

    def propose_month(self, month: Month) -> None:
        """Who keeps the books answers for what is open, a second person looks again, and the month is asked to be closed."""
        by, reviewer = person(self.app, installation.BOOKKEEPER), person(self.app, installation.APPROVER)
        self.app.engine.act(answer_open, month, "known, and followed in its cases", by, reviewer)
        self.proposal = self.app.engine.act(propose_closing, month, by).proposal

    def close_month(self, month: Month) -> None:
        """A second approves it, proposed anew where the books have moved since; its pack is kept as files."""
        assert self.proposal is not None
        approver = person(self.app, installation.APPROVER)
        try:
            self.app.engine.act(approve_proposal, self.proposal, approver)
        except Conflict:
            self.propose_month(month)
            self.app.engine.act(approve_proposal, self.proposal, approver)
        with self.app.database.transaction() as connection:
            closing = load_closing(connection, month)
            assert closing is not None
            for name, digest, _ in known_packs(connection, closing.evidence):
                self._keep(name, self.app.world.archive.load_content(connection, Digest(digest)))

    def pack(self, month: Month) -> dict[str, Any]:
        """What the closed month's pack says came in, and whether it says so still."""
        world = self.app.world
        with self.app.database.transaction() as connection:
            hold_still(connection)
            looked = look_at_month(
                connection,
                world.books,
                month,
                world.clock.now(),
                lambda d: world.archive.load_content(connection, Digest(d)),
            )
        received = [{"currency": each.currency, "minor": each.minor} for each in looked.pack.figures.received]
        lights: dict[str, int] = {}
        for point in looked.points:
            lights[point.light.value] = lights.get(point.light.value, 0) + 1
        return {"received": received, "same": looked.same and looked.closing is not None, "lights": lights}

    def _waiting_case(self, prefix: str) -> int | None:
        """The open case of unrecognised deductions with the most money whose lines begin so."""

        def find(tx: Tx) -> int | None:
            cases = list_cases(tx.connection, kind=UNRECOGNISED, sort="money", limit=_EVERYTHING)
            return next((case["id"] for case in cases if _begins(tx.connection, case, prefix)), None)

        return self.app.engine.act(find)

    def _keep(self, name: str, content: bytes) -> None:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / name
        path.write_bytes(content)
        self.papers.append(path)


def _begins(connection: sa.Connection, case: Mapping[str, Any], prefix: str) -> bool:
    lines = waiting_lines(connection, case["kind"], case["subject"])
    return bool(lines) and all(line.reference.startswith(prefix) and line.minor < 0 for _, line in lines)


def _choice(rivals: list[dict[str, Any]], payment: str, item: str) -> int | None:
    for rival in rivals:
        if [line["payment"] for line in rival["lines"]] == [payment] and [
            each["item"] for each in rival["settles"]
        ] == [item]:
            return int(rival["choice"])
    return None
