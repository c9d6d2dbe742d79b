"""Staged packs: which pack stands ready for the next dispute of a claim, and why it is void where something of it changed since.

What is submitted is what was staged and looked at: a pack that is void is staged again before a submission of it is noted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict
from trueup.base.ids import Digest, digest_of_json
from trueup.base.money import Money
from trueup.domain.disputes import Standing, standing
from trueup.storage.claim_papers import changes_from
from trueup.storage.disputes import Recoverable, Staged, load_staged
from trueup.storage.views.exhibits import list_exhibits
from trueup.storage.views.recovery import Brief, load_brief


@dataclass(frozen=True, slots=True)
class Given:
    """What Amazon is given of a claim: the hash of the pack ("" for none), its papers, what it disputes, and what had come back by
    then."""

    digest: str
    papers: tuple[int, ...]
    open_minor: int
    given_minor: int


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the next dispute of a claim is. `number`: of the attempt; `of`: how many there can be; `pack`: what is ready for it.

    `changed`: Amazon holds another amount than when the pack was made; None where it is the same. `void`: why that pack is none any
    more, in words, "" where it stands: what is submitted is what was staged.
    """

    number: int
    of: int
    pack: Staged | None
    changed: Money | None
    void: str = ""

    @property
    def is_last(self) -> bool:
        """Whether there is no dispute after it."""
        return self.number >= self.of


def stage_of(found: Recoverable, stands: Standing, packs: list[Staged]) -> Stage:
    """Where the next attempt of a claim is."""
    number, balance = len(found.disputes) + 1, found.balance
    pack = next((each for each in packs if each.number == number), None)
    differs = pack is not None and pack.open_minor != balance.open
    changed = Money(pack.open_minor, balance.currency) if pack is not None and differs else None
    return Stage(number, stands.window.attempts, pack, changed)


def stage_now(connection: sa.Connection, stands: Standing, brief: Brief) -> Stage:
    """The same as it is kept, and why its pack is void: a paper came or went, another amount is held, evidence changed."""
    claim = brief.found.balance.id
    stage = stage_of(brief.found, stands, load_staged(connection, claim))
    if stage.pack is None:
        return stage
    changes = changes_from(connection, claim, stage.pack.papers)
    return replace(stage, void=_void(brief, stage, [str(each) for each in changes]))


def originals_of(brief: Brief) -> Digest:
    """The hash of all originals that a pack of it has."""
    return digest_of_json(sorted({each.digest for each in list_exhibits(brief)}))


def demand_pack(connection: sa.Connection, found: Recoverable, said: tuple[str | None, bool], today: date) -> Given:
    """The pack that is submitted, with what it says; where none was staged, the papers that there are, and what is held.

    `said`: the hash of the pack that was looked at ("" for none, None for any), and whether it was submitted as it was staged,
    although it is void by now. Raises Conflict where it is void, or another was staged since it was seen.
    """
    seen, as_staged = said
    brief = load_brief(connection, found)
    stage, about = stage_now(connection, standing(found.claim, today), brief), f"Claim {found.balance.id}"
    pack = stage.pack
    if seen is not None and seen != (pack.digest if pack is not None else ""):
        who = f" by {pack.by} at {write_instant(pack.at)}" if pack is not None else ""
        raise Conflict(
            f"{about}: another pack was staged meanwhile{who}; nothing was noted. Look at it, and submit that."
        )
    if pack is None:
        return Given("", tuple(each.id for each in brief.papers), found.balance.open, found.balance.given)
    if stage.void and not as_staged:
        raise Conflict(f"{about}: the pack that {pack.by} staged at {write_instant(pack.at)} is void. {stage.void}")
    return Given(pack.digest, pack.papers, pack.open_minor, pack.given_minor)


def _void(brief: Brief, stage: Stage, papers: list[str]) -> str:
    """Why a pack is none any more: the first change of the papers of its claim since, else the amount, else what else it shows."""
    pack = stage.pack
    if pack is None:
        return ""
    if papers:
        more = f" ({len(papers) - 1} more since)" if len(papers) > 1 else ""
        return f"{papers[0]}{more}: stage it again."
    if stage.changed is not None:
        held = Money(brief.found.balance.open, brief.found.balance.currency)
        return f"It is about {stage.changed}, and {held} are held now: stage it again."
    if pack.lacking != len(brief.missing) or (pack.exhibits and pack.exhibits != originals_of(brief)):
        return "Evidence came or went since: stage it again."
    return ""
