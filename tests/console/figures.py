"""Every figure of a page and what stands behind its link: the rule that a number is a link to the rows that come to it exactly.

A figure is a number that says how many or how much of something else: of a heading, a statistic, a sentence, a table's footer. What
a row says of itself is opened by the row's own link, and names, ids, days, times, keys and what people typed are no figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page as Tab

_MONEY = re.compile(r"([−-]?[\d,]+\.\d\d) ([A-Z]{3})\b")
_COUNT = re.compile(r"(?<![\w.,:/#−-])(\d[\d,]*)(?![\w:/#]|\.\d|,\d| %| (?:days?|hours?|minutes?|times|min|h|d)\b)")
_TURNS = 40
"""At most so many pages of a list are turned."""

# A figure is the smallest element that has a number in its own text, outside of what says nothing of other rows.
_FIGURES = """() => {
  const none = "time, code, kbd, pre, script, style, option, select, textarea, dialog, svg, button, form label, h1, " +
    "th[scope=col], caption, blockquote, q, .print-only, .mono, .pager, .crumbs, .timeline-list, .audit, .facts, .told, " +
    ".empty, .folded, a[data-open], a[href*='row=']";
  const figures = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode, holder = text.parentElement;
    if (!/[0-9]/.test(text.textContent) || holder.closest(none)) continue;
    const link = holder.closest("a[href]");
    const row = holder.closest("tbody tr, ul > li, ol.event > li");
    const of_itself = row && row.querySelector("a[href]") && !link;
    const whole = link || holder.closest(".money") || holder;
    if (figures.some((each) => each.whole === whole)) continue;
    const near = holder.closest(".stat, .chain-stage, p, li, tr, h2, .panel-head, nav, dl > div, label, summary") || holder;
    const own = whole.cloneNode(true);
    if (!link) own.querySelectorAll("a").forEach((each) => each.remove());
    if (!/[0-9]/.test(own.textContent)) continue;
    figures.push({whole, of_itself: Boolean(of_itself), href: link ? link.getAttribute("href") : "",
      text: own.textContent.replace(/\\s+/g, " ").trim(), near: near.textContent.replace(/\\s+/g, " ").trim().slice(0, 160)});
  }
  return figures.map(({whole, ...rest}) => rest);
}"""

# What a list shows: how many rows each has, and what its amounts come to, column by column.
_ROWS = """(part) => {
  const said = "tfoot .money, .equation-total .money, [id^=sum-] .money";
  const whole = document.querySelector("main");
  const asked = part && document.getElementById(part);
  const is_list = asked && asked.matches("section, table, ul, ol");
  const named = is_list ? asked : asked && asked.matches("h2, h3") && asked.nextElementSibling;
  const among = named || (asked && asked.closest("section, table, .panel-body")) || whole;
  const lists = [...among.querySelectorAll("table, ul, ol"), ...(among.matches("table, ul, ol") ? [among] : [])];
  const money = (element) => [...element.querySelectorAll(".money")].map((each) => each.textContent.replace(/\\s+/g, " ").trim());
  return {
    lists: lists.filter((list) => !list.closest(".filters, #detail, nav, dialog")).map((list) => {
      const rows = list.tagName === "TABLE" ? [...list.querySelectorAll("tbody tr")] : [...list.children];
      const cells = rows.map((row) => row.tagName === "TR" ? [...row.children].map(money) : [money(row)]);
      return {rows: rows.length, cells};
    }),
    counted: [...among.querySelectorAll(".equation-total b")].map((each) => each.textContent.trim()),
    totals: [...among.querySelectorAll(said)].map((each) => each.textContent.replace(/\\s+/g, " ")),
    next: (document.querySelector("main a[rel=next]") || {getAttribute: () => ""}).getAttribute("href"),
  };
}"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a page: its words, the address it leads to ("" where it is no link), and the words around it. `of_itself`: of a
    row that has a link of its own."""

    text: str
    href: str
    near: str
    of_itself: bool

    @property
    def counts(self) -> list[int]:
        """The whole numbers that it says."""
        return [int(each.replace(",", "")) for each in _COUNT.findall(_MONEY.sub("", self.text))]

    @property
    def amounts(self) -> list[tuple[int, str]]:
        """The amounts that it says, in minor units."""
        return [_amount(value, currency) for value, currency in _MONEY.findall(self.text)]


def figures_of(tab: Tab) -> list[Figure]:
    """Every figure of the page that is open."""
    found = [Figure(**each) for each in tab.evaluate(_FIGURES)]
    return [each for each in found if each.counts or each.amounts]


def without_link(tab: Tab, reasons: Mapping[str, str]) -> list[str]:
    """The figures of the page that are no link and have no reason: patterns of the words around them, with why."""
    return [
        f"{each.text!r} in {each.near!r}"
        for each in figures_of(tab)
        if not each.href and not each.of_itself and not any(re.search(pattern, each.near) for pattern in reasons)
    ]


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a link: how many rows each list has, over all of its pages, what its columns of amounts come to, and the
    sums that the page itself takes apart or writes below its rows."""

    rows: list[int]
    counted: set[int]
    sums: set[tuple[int, str]]
    totals: set[tuple[int, str]]


def behind(tab: Tab, href: str) -> Behind:
    """Follow a link as a person would, turn all pages of what it leads to, count and sum."""
    part = href.partition("#")[2]
    rows: list[int] = []
    sums: list[dict[tuple[int, str], int]] = []
    totals: set[tuple[int, str]] = set()
    counted: set[int] = set()
    for _ in range(_TURNS):
        tab.goto(href)
        seen: dict[str, Any] = tab.evaluate(_ROWS, part)
        for at, listed in enumerate(seen["lists"]):
            if at == len(rows):
                rows.append(0)
                sums.append({})
            rows[at] += listed["rows"]
            for column, minor, currency in _amounts_in(listed["cells"]):
                sums[at][column, currency] = sums[at].get((column, currency), 0) + minor
        counted |= {int(each.replace(",", "")) for each in seen["counted"] if re.fullmatch(r"[\d,]+", each)}
        totals |= {_amount(*found) for text in seen["totals"] for found in _MONEY.findall(text)}
        href = seen["next"]
        if not href:
            break
    return Behind(
        [each for each in rows if each],
        counted,
        {(minor, key[1]) for each in sums for key, minor in each.items()},
        totals,
    )


def what_differs(tab: Tab, figure: Figure) -> str:
    """Why what stands behind a figure's link does not come to it; "" where it does."""
    found = behind(tab, figure.href)
    wrong = [str(each) for each in figure.counts if each not in found.counted and each not in (found.rows or [0])]
    wrong += [f"{minor} {code}" for minor, code in figure.amounts if (minor, code) not in found.sums | found.totals]
    if not wrong:
        return ""
    return f"{figure.text!r} in {figure.near!r} leads to {figure.href}: {', '.join(wrong)} of rows {found.rows}, sums {found.sums}"


def _amounts_in(cells: list[list[list[str]]]) -> Iterator[tuple[int, int, str]]:
    for row in cells:
        for column, words in enumerate(row):
            for text in words:
                for value, currency in _MONEY.findall(text):
                    yield (column, *_amount(value, currency))


def _amount(value: str, currency: str) -> tuple[int, str]:
    return int(value.replace("−", "-").replace(",", "").replace(".", "")), currency
