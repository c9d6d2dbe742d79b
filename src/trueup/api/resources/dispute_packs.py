"""Dispute packs: the letter and the originals of every claim that is worth disputing, as long work. Nothing is sent."""

from __future__ import annotations

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import DryRun, Key, Told
from trueup.workflows.jobs.make_dispute_packs import ask_packs
from trueup.workflows.world import Tx


class PacksWanted(Told, json_schema_extra={"examples": [{"partner": "amazon-us", "family": "shortage"}]}):
    """Of which claims: of a partner, of a family; of all that can be disputed today and pay, where nothing is said."""

    partner: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    family: str = Field("", max_length=100, pattern=r"^[^\x00]*$")


def make_packs(call: Calling, told: PacksWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Make the packs of all claims that are worth one. A worker makes them, each by itself; the job has the files."""
    company = call.desk.settings.installation.name

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_packs(tx, told.partner, told.family, company, call.person))

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "dispute-packs", "Dispute packs", (Operation("/dispute-packs", make_packs, "claims.dispute", "POST", 202),)
)
