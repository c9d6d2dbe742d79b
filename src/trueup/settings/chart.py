"""The chart of accounts from its file: the one that comes with Trueup, or the books' own. Nothing is guessed or filled in.

A file stands for itself: what it does not name is a complaint, never taken from the default, because an account that nobody
chose would be posted to for months before someone sees it.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from trueup.base.errors import ConfigurationError, Invalid
from trueup.domain.chart import Chart, Purpose
from trueup.domain.journal import Account, AccountType

_LARGEST_BYTES = 1_000_000
_KEYS = ("code", "name", "type", "for", "deductions")
_SUPPLIED = "The chart that comes with Trueup"


@dataclass(slots=True)
class _Draft:
    """What has been read so far, and everything there is to complain about."""

    accounts: list[Account] = field(default_factory=list)
    purposes: dict[Purpose, str] = field(default_factory=dict)
    by_type: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def chart_template() -> str:
    """The default chart as a file to begin with, with what every key means."""
    return resources.files("trueup.settings").joinpath("chart.toml").read_text(encoding="utf-8")


def default_chart() -> Chart:
    """The chart that comes with Trueup: one account for each purpose, none for a single deduction type."""
    return read_chart(chart_template(), _SUPPLIED)


def load_chart(path: Path, deduction_types: Collection[str] | None = None) -> Chart:
    """The chart of a file. `deduction_types`: the codes that `deductions` may name; None: any.

    Raises ConfigurationError with every complaint at once.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such chart of accounts; copy the default one there.") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); make it readable.") from None
    if len(content) > _LARGEST_BYTES:
        raise ConfigurationError(f"{path}: {len(content)} bytes, expected a chart of at most {_LARGEST_BYTES}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None
    return read_chart(text, str(path), deduction_types)


def read_chart(text: str, origin: str, deduction_types: Collection[str] | None = None) -> Chart:
    """The chart in a text. `origin` says in errors where it comes from. Raises ConfigurationError, all complaints at once."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f'{origin}: not TOML: {error}. An account is one line: {{ code = "1200", name = ... }}.'
        ) from None
    draft = _Draft()
    draft.complaints += [f"{name!r} is not a key; a chart has accounts alone." for name in data if name != "accounts"]
    rows = data.get("accounts")
    if not isinstance(rows, list) or not rows:
        draft.complaints.append('expected accounts = [ { code = "1200", ... }, ... ], found none.')
        rows = []
    for number, row in enumerate(rows, start=1):
        _take(draft, number, row, deduction_types)
    draft.complaints += _over_all(draft)
    if not draft.complaints:
        try:
            return Chart(tuple(draft.accounts), draft.purposes, draft.by_type)
        except ConfigurationError as error:
            draft.complaints.append(str(error).removeprefix("Chart of accounts: "))
    things = "1 thing" if len(draft.complaints) == 1 else f"{len(draft.complaints)} things"
    raise ConfigurationError(f"{origin}: {things} to mend.\n" + "\n".join(f"- {text}" for text in draft.complaints))


def _take(draft: _Draft, number: int, row: object, deduction_types: Collection[str] | None) -> None:
    """One account of the file into the draft, or complaints about it."""
    if not isinstance(row, dict):
        draft.complaints.append(f"accounts[{number}]: expected {{ code = ..., name = ... }}, found {row!r:.60}.")
        return
    code, name, kind = row.get("code"), row.get("name"), row.get("type")
    where = f"accounts[{number} {code!r}]" if isinstance(code, str) else f"accounts[{number}]"
    complaints = [f"{where}.{key}: {_near(key, _KEYS)}" for key in row if key not in _KEYS]
    if isinstance(code, int) and not isinstance(code, bool):
        complaints.append(f'{where}.code: expected text, found the number {code}; write "{code}".')
    elif not isinstance(code, str):
        complaints.append(f'{where}.code: expected text such as "1200", found {_shown(code)}.')
    if not isinstance(name, str):
        complaints.append(f"{where}.name: expected text, found {_shown(name)}.")
    types = [each.value for each in AccountType]
    if kind not in types:
        complaints.append(f"{where}.type: expected {', '.join(types[:-1])} or {types[-1]}, found {_shown(kind)}.")
    complaints += _uses(draft, where, row, deduction_types)
    if not complaints:
        try:
            draft.accounts.append(Account(str(code), str(name), AccountType(str(kind))))
        except Invalid as error:
            complaints.append(f"{where}: {error}")
    draft.complaints += complaints


def _uses(draft: _Draft, where: str, row: dict[str, object], deduction_types: Collection[str] | None) -> Iterator[str]:
    """Notes what the account is for; yields what is wrong with that."""
    code = str(row.get("code"))
    purposes = [purpose.value for purpose in Purpose]
    for key in ("for", "deductions"):
        words = row.get(key, [])
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            yield f"{where}.{key}: expected a list of texts, found {_shown(words)}."
            continue
        for word in words:
            known = purposes if key == "for" else deduction_types
            if known is not None and word not in known:
                yield f"{where}.{key}: {_near(word, known)}"
                continue
            earlier = draft.purposes.get(Purpose(word)) if key == "for" else draft.by_type.get(word)
            if earlier is not None:
                yield f"{where}.{key}: {word} already has account {earlier!r}; keep one."
            elif key == "for":
                draft.purposes[Purpose(word)] = code
            else:
                draft.by_type[word] = code


def _over_all(draft: _Draft) -> Iterator[str]:
    """What no single account shows: purposes without one, codes that stand there twice."""
    seen: set[str] = set()
    for account in draft.accounts:
        if account.code in seen:
            yield f"code {account.code!r} stands there twice; give each account its own."
        seen.add(account.code)
    missing = [purpose.value for purpose in Purpose if purpose not in draft.purposes]
    if missing:
        yield f"no account is for {', '.join(missing)}; put each of these words into the `for` of an account."


def _near(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    listed = ", ".join(sorted(known))
    return f"{word!r} is not known; did you mean {near[0]!r}?" if near else f"{word!r} is not known; known: {listed}."


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:60]
