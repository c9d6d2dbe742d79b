"""Whether a key can do what it must: one harmless read each, and what to do where one is refused."""

from __future__ import annotations

from collections.abc import Iterable

from trueup.base.errors import NotFound, Rejected, Throttled, TrueupError, Unauthorized
from trueup.connectors.supercycle.calls import Call, Calls
from trueup.connectors.supercycle.v1.replies import is_page
from trueup.remote.capability import Probe, Verdict

_KEY = "Make a key in Supercycle (Settings), and store it where the settings of this connection say."
_GONE = "This version of the API has no such path any more. Update Trueup."
_WAIT = "Supercycle or the network is in trouble; try again in a few minutes."


def probe_system(connection: str, calls: Calls, reads: Iterable[tuple[str, Call]]) -> list[Probe]:
    """A row for each read, and one for what a probe does not try. A key that is refused once is not tried again."""
    rows: list[Probe] = []
    for ability, call in reads:
        rows.append(_ask(connection, ability, calls, call))
        if rows[-1].verdict is Verdict.MISSING:
            return rows
    worst = next((row for row in rows if row.verdict is not Verdict.WORKS), None)
    verdict, remedy = (worst.verdict, worst.remedy) if worst else (Verdict.UNTRIED, "")
    said = "Not tried, a probe writes nothing: keys are not documented to be read-only."
    return [*rows, Probe(connection, "create and change items", verdict, said, remedy)]


def _ask(connection: str, ability: str, calls: Calls, call: Call) -> Probe:
    try:
        reply = calls.make(call)
    except Unauthorized as error:
        return Probe(connection, ability, Verdict.MISSING, str(error), _KEY)
    except (NotFound, Rejected) as error:
        return Probe(connection, ability, Verdict.FAILS, str(error), _GONE)
    except Throttled as error:
        return Probe(connection, ability, Verdict.FAILS, str(error), "The rate budget is spent; try again in a minute.")
    except TrueupError as error:
        return Probe(connection, ability, Verdict.FAILS, str(error), _WAIT)
    if not is_page(reply.content):
        return Probe(connection, ability, Verdict.FAILS, "The reply is no page of records.", _GONE)
    return Probe(connection, ability, Verdict.WORKS, "Supercycle answers.")
