"""Papers of a claim: a missing file is added where it is missed, is in the pack byte for byte, and can be taken back."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from tests.console.calling import calling, person, token
from tests.console.installed import Client, Console
from tests.console.money_books import FINA, console_over_money, lacking
from trueup.api.door import Call
from trueup.api.resources.claim_papers import AddingPaper, add_claim_paper
from trueup.base.errors import Invalid
from trueup.domain.handed_in import Paper
from trueup.workflows.dispute_claim import Submission, submit_claim

POD = b"%PDF-1.4 signed at the dock"


@pytest.fixture
def console(server_url: str, tmp_path: Path) -> Iterator[Console]:
    with console_over_money(server_url, tmp_path) as running:
        yield running


@pytest.fixture
def claim(console: Console) -> str:
    """The address of a claim for goods that are said to be missing."""
    with console.visitor("Fina") as fina:
        shown = fina.get("/recovery?all=yes").text
    found: dict[str, str] = {name: each for each, name in re.findall(r'href="(/recovery/\d+)">([^<]+)<', shown)}
    return found["shortage/INV1"]


def add(client: Client, claim: str, content: bytes, name: str = "POD-7.pdf", kind: str = "proof-of-delivery") -> Any:
    fields = {"csrf": client.csrf, "kind": kind, "day": "2026-08-06", "note": "24 cases, all signed for"}
    return client.http.post(f"{claim}/papers", data=fields, files={"file": (name, content)})


def test_a_missing_paper_is_added_stands_in_the_pack_and_is_taken_back(console: Console, claim: str) -> None:
    """The gap leads to the form; the exhibit says who, when and its hash; its bytes are those of the file; then the gap is back."""
    with console.visitor("Fina") as fina:
        before = fina.get(claim).text
        assert 'href="?paper=proof-of-delivery#add-paper"' in before
        assert 'value="bill-of-lading" selected' in fina.get(f"{claim}?paper=bill-of-lading").text
        assert add(fina, claim, POD).status_code == 303
        shown, digest = fina.get(claim).text, hashlib.sha256(POD).hexdigest()
        assert not lacking(
            shown, "POD-7.pdf", "24 cases, all signed for", digest[:12], "added by Fina", "invoice INV-1"
        )
        assert "?paper=proof-of-delivery" not in shown, "no gap any more"
        pack = zipfile.ZipFile(io.BytesIO(fina.get(f"{claim}/pack.zip").content))
        (name,) = [each for each in pack.namelist() if "POD-7" in each]
        assert name.endswith(".pdf") and pack.read(name) == POD
        again = add(fina, claim, POD)
        assert again.status_code == 409 and "added the same file" in again.text
        number = re.search(r"/recovery/papers/(\d+)/take-back", shown)
        assert number is not None
        assert fina.post(number.group(0)).status_code == 303
        assert 'href="?paper=proof-of-delivery#add-paper"' in fina.get(claim).text
        assert fina.get(f"/documents/{digest}").status_code == 200, "its bytes stay in the archive"
        twice = fina.post(number.group(0))
        assert twice.status_code == 409 and "taken back from claim" in twice.text
    with console.app.database.transaction() as connection:
        acts = connection.execute(
            sa.text("SELECT actor, act, evidence FROM trueup.acts WHERE act LIKE 'claim.paper%' ORDER BY id")
        )
        assert [tuple(row) for row in acts] == [
            ("Fina", "claim.paper-added", digest),
            ("Fina", "claim.paper-taken-back", digest),
        ]


def test_what_was_submitted_stays_and_what_is_no_paper_says_what_is_taken(console: Console, claim: str) -> None:
    """Nothing empty, too large, or that is none by its bytes; it was kept before it was looked at; who may not is refused."""
    with console.visitor("Fina") as fina:
        empty = add(fina, claim, b"")
        assert empty.status_code == 422 and "the file is empty; nothing was kept" in empty.text
        sheet = b"kind,day\nshipped,2026-08-03\n"
        none = add(fina, claim, sheet, "POD.pdf")
        assert none.status_code == 422 and "expected PDF, PNG, JPEG or TIFF" in none.text
        assert "24 cases, all signed for" in none.text, "what was typed stands there"
        assert fina.get(f"/documents/{hashlib.sha256(sheet).hexdigest()}").status_code == 200
        large = add(fina, claim, b"%PDF-" + bytes(20 * 1024 * 1024))
        assert large.status_code == 422 and "expected at most 20; nothing was kept" in large.text
        assert add(fina, claim, POD).status_code == 303
        console.app.act(
            False, submit_claim, int(claim.rpartition("/")[2]), Submission("DSP-1", date(2026, 11, 5)), FINA
        )
        number = re.search(r"/recovery/papers/(\d+)/take-back", fina.get(claim).text)
        assert number is not None
        late = fina.post(number.group(0))
        assert late.status_code == 409 and "what Amazon was given stays" in late.text
    with console.visitor("Aude") as aude:
        assert "it takes proofs.import" in aude.get(claim).text
        assert add(aude, claim, POD).status_code == 403


def test_programs_add_papers_and_take_them_back(console: Console, claim: str) -> None:
    """Looked at first; as an exhibit with who and when; taken back. What is no paper is kept, where it is not only tried, and a key
    that was used for another keeps nothing."""
    number = claim.rpartition("/")[2]
    with calling(console, token(console, "Fina")) as fina:
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/claims/{number}/papers?kind=packing-list&name=PL-7.pdf"
        dry = fina.http.post(f"/api/v1{path}&dry_run=true", content=POD, headers=headers)
        assert dry.status_code == 200 and dry.json()["dry_run"] is True, dry.text
        made = fina.http.post(f"/api/v1{path}", content=POD, headers=headers).json()
        told = fina.json(f"/claims/{number}/exhibits")["items"]
        (mine,) = [each for each in told if each["paper"] == made["paper"]]
        assert (mine["group"], mine["added_by"], mine["digest"]) == (
            "Shipment",
            "Fina",
            hashlib.sha256(POD).hexdigest(),
        )
        assert fina.send(f"/claim-papers/{made['paper']}/taking-back").json()["kind"] == "packing-list"
        assert all(each["paper"] is None for each in fina.json(f"/claims/{number}/exhibits")["items"])
        sheet = b"kind,day\nshipped,2026-08-03\n"
        kept = f"/documents/{hashlib.sha256(sheet).hexdigest()}"
        keyed = {**headers, "Idempotency-Key": "paper-1"}
        assert fina.http.post(f"/api/v1{path}", content=POD, headers=keyed).status_code == 200
        for address, told, status in (
            (f"{path}&dry_run=true", headers, 404),
            (path, keyed, 404),
            (path, headers, 200),
        ):
            refused = fina.http.post(f"/api/v1{address}", content=sheet, headers=told)
            assert refused.status_code == 422, refused.text
            tried = "would be kept and be no exhibit" if "dry_run" in address else "is kept and is no exhibit"
            assert ("was used for another request" if told is keyed else tried) in refused.text, refused.text
            assert fina.get(kept).status_code == status, refused.text


@dataclass
class OneAct:
    """An installation whose process ends after its first act."""

    app: Any
    acts: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app, name)

    def act(self, *asked: Any) -> Any:
        self.acts += 1
        assert self.acts == 1, "the process has ended"
        return self.app.act(*asked)


def test_what_came_is_kept_in_the_act_that_refuses_it(console: Console, claim: str) -> None:
    """However the process ends after it; and the key under which nothing was done does something else later."""
    number, first, second = int(claim.rpartition("/")[2]), b"no paper", b"no paper either"
    call = Call(cast("Any", None), OneAct(console.app), person(console, "Fina"), 0, "proofs.import")
    told = AddingPaper(kind=Paper.DELIVERY, name="POD.pdf", note="")
    with pytest.raises(Invalid, match="is kept and is no exhibit"):
        add_claim_paper(call, number, told, first)
    headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": "refused-1"}
    path = f"/api/v1/claims/{number}/papers?kind=proof-of-delivery&name=POD.pdf"
    with calling(console, token(console, "Fina")) as fina:
        assert fina.http.post(path, content=second, headers=headers).status_code == 422
        for content in (first, second):
            assert fina.get(f"/documents/{hashlib.sha256(content).hexdigest()}").status_code == 200
        assert fina.http.post(path, content=POD, headers=headers).status_code == 200


def test_who_took_a_paper_back_is_told_of_that_paper(console: Console, claim: str) -> None:
    """Not who took another one of the claim back since."""
    number = claim.rpartition("/")[2]
    headers = {"Content-Type": "application/octet-stream"}
    with calling(console, token(console, "Fina")) as fina, calling(console, token(console, "Bo Admin")) as bo:
        mine, other = [
            fina.http.post(
                f"/api/v1/claims/{number}/papers?kind={kind}&name=P.pdf", content=POD, headers=headers
            ).json()
            for kind in ("packing-list", "bill-of-lading")
        ]
        assert fina.send(f"/claim-papers/{mine['paper']}/taking-back").status_code == 200
        assert bo.send(f"/claim-papers/{other['paper']}/taking-back").status_code == 200
        late = bo.send(f"/claim-papers/{mine['paper']}/taking-back")
        assert late.status_code == 409 and "already by Fina at 2026-" in late.text, late.text
