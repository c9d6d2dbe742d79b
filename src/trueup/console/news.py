"""News of a list: how many rows came since it was drawn, told beside it and moved by nobody: who presses asks for it again."""

from __future__ import annotations

import sqlalchemy as sa
from markupsafe import Markup

from trueup.console.drawing import icon, query
from trueup.console.live import Look, Message
from trueup.console.page import Grows
from trueup.console.visit import Visit


def news_of(visit: Visit, grows: Grows) -> Look:
    """How many rows came to a list with the filters of this visit, after the number that its route says. Raises Invalid.

    The number is seen; that there are any is heard once, however many follow: the words that are heard do not change.
    """
    after, rows = visit.number("after"), grows.rows(visit)
    one, many = grows.words(visit)
    asked = query(dict(visit.request.query_params), at="", row="")
    address = f"{grows.path}{asked if asked != '?' else ''}{grows.place}"

    def look(connection: sa.Connection) -> Message:
        count, more = rows.count_after(connection, after)
        if not count:
            return Message("0", "")
        number = f"{visit.present.number(count)}{'+' if more else ''}"
        words = f"{number} new {one if number == '1' else many}"
        return Message(f"{count}{'-and-more' if more else ''}", _SHOWN.format(address, icon("refresh"), words, many))

    return look


_SHOWN = Markup(
    '<a class="news" id="news-show" href="{}">{}{}, show</a>'
    '<hx-partial hx-target="#news-heard" hx-swap="innerMorph">New {} came. The list is as it was; Show has them.</hx-partial>'
)
