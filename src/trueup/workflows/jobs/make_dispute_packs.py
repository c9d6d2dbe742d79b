"""Make dispute packs: of every claim that is worth disputing, its letter and its originals, and one zip of them all with hashes.

Each pack is a transaction of its own and stays when the rest is called off.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

from trueup.base.errors import Conflict, Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.domain.disputes import DisputeState
from trueup.formats.tabular import inert
from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack
from trueup.storage.jobs import Job
from trueup.storage.views.recovery import load_brief
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.dispute_claim import disputable_types
from trueup.workflows.long_work import End, LongWork, Piece, Plan, ask_work, asker_of
from trueup.workflows.papers import SUMS, Papers, zip_entry
from trueup.workflows.rank_claims import Ranked, rank_claims
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND, DOCUMENT = "make-dispute-packs", "dispute-pack"
MOST = 2000
_ZIP = "application/zip"
_HEAD = ("claim", "partner", "amount", "currency", "until", "file", "sha256", "missing")


def worth_packing(tx: Tx, partner: str, family: str) -> list[Ranked]:
    """The claims that can be disputed today and pay, the most urgent first; of a partner, of a family, "" for any."""
    types = disputable_types(tx.resources.books)
    ranked = rank_claims(tx.connection, types, tx.now.date(), partner=partner or None)
    return [
        each
        for each in ranked
        if each.pays and each.standing.state is DisputeState.OPEN and family in ("", each.found.claim.family.value)
    ]


def ask_packs(tx: Tx, partner: str, family: str, company: str, person: Person) -> int:
    """Have their packs made, in the name of a company. Returns the job's id. Raises Refused (role; too many), Conflict for none."""
    demand_role(person, "claims.dispute")
    claims = [each.found.balance.id for each in worth_packing(tx, partner, family)]
    if not claims:
        raise Conflict("No claim of these can be disputed today and pays; look at the queue with other filters.")
    if len(claims) > MOST:
        raise Refused(
            f"{len(claims):,} packs are too many at once; expected {MOST:,} at most. Choose a partner or a family."
        )
    words = ", ".join(each for each in (partner, family) if each)
    title = f"{len(claims):,} dispute {'pack' if len(claims) == 1 else 'packs'}{f' of {words}' if words else ''}"
    return ask_work(tx, KIND, title, {"claims": claims, "company": company}, person)


def _plan(tx: Tx, job: Job) -> Plan:
    return Plan(job.args["claims"], len(job.args["claims"]), "packs")


def _make(tx: Tx, job: Job, claim: int) -> Piece:
    """One pack, kept; what was settled meanwhile has none."""
    ranked = rank_claims(tx.connection, disputable_types(tx.resources.books), tx.now.date(), claim_id=claim)
    if not ranked:
        return Piece(1)
    each = ranked[0]
    balance, brief = each.found.balance, load_brief(tx.connection, each.found)
    pdf = write_dispute_pack(brief, each.standing, tx.now.date(), job.args["company"])
    content = write_dispute_archive(brief, pdf, lambda digest: tx.resources.read(tx.connection, digest))
    name = "".join(sign if sign.isalnum() else "-" for sign in f"{balance.partner}-{balance.claim}")
    with Papers(DOCUMENT) as papers:
        papers.open(f"dispute-{name}.zip", _ZIP).write(content)
        [kept] = papers.keep(tx)
    until = each.standing.until.isoformat() if each.standing.until else ""
    amount = str(Money(balance.open, balance.currency).amount)
    about = [balance.claim, balance.partner, amount, balance.currency, until]
    return Piece(1, {**kept, "about": about, "missing": list(brief.missing)})


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    """All packs in one zip, with a list of them and their hashes."""
    packs = [each for each in found if each is not None]
    gone, lacking = len(found) - len(packs), sum(bool(each["missing"]) for each in packs)
    notes = [f"{SUMS} in the zip has the hash of each pack; sha256sum --check {SUMS} compares them."]
    if gone:
        notes.append(f"{gone:,} claims were settled meanwhile, and have no pack.")
    if lacking:
        notes.append(f"{lacking:,} packs lack evidence; packs.csv in the zip says which, and what.")
    with Papers(DOCUMENT) as papers:
        _zip(tx, papers.open(f"dispute-packs-{job.id}.zip", _ZIP), packs)
        files = papers.keep(tx)
    deed = Deed("claims.packed", f"job {job.id}", after={"packs": len(packs)}, evidence=files[0]["digest"])
    record_deed(tx.connection, tx.now, asker_of(job), deed)
    shown = [{name: each[name] for name in ("name", "digest", "size_bytes")} for each in packs]
    result = {"files": [*files, *shown], "notes": notes, "links": [["Recovery", "/recovery"]]}
    return End(f"{len(packs):,} packs are made and in one zip.", result)


def _zip(tx: Tx, out: Any, packs: Sequence[Any]) -> None:
    text = io.StringIO()
    listed = csv.writer(text)
    listed.writerow(_HEAD)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for each in packs:
            with archive.open(zip_entry(each["name"], tx.now), "w") as into:
                for piece in tx.resources.archive.open_document(tx.connection, Digest(each["digest"])):
                    into.write(piece)
            about = [
                inert(str(cell)) for cell in (*each["about"], each["name"], each["digest"], "; ".join(each["missing"]))
            ]
            listed.writerow(about)
        archive.writestr(zip_entry("packs.csv", tx.now), text.getvalue())
        sums = "".join(f"{each['digest']}  {each['name']}\n" for each in packs)
        archive.writestr(zip_entry(SUMS, tx.now), sums)


def _stays(job: Job) -> str:
    return f"{job.done:,} of {job.total or 0:,} packs are made and stay in the archive; the rest was not begun."


WORK = LongWork(KIND, "make_dispute_packs", _plan, _make, _end, _stays)
