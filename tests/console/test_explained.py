"""Of a month's payments Today says what is explained; what is not leads to the lines that it is the sum of."""

from __future__ import annotations

import re
from html import unescape

from tests.console.installed import Console
from trueup.base.money import Money


def test_the_open_rest_of_a_month_leads_to_the_lines_that_come_to_it(money: Console) -> None:
    """To the cent, each line without its sign; and the page says the same sum."""
    with money.visitor("Fina") as fina:
        today = fina.get("/").text
        [(address, open_)] = re.findall(r'<a href="(/coding\?month=[^"]+)"><span[^>]*>([\d.,]+)', today)
        page = unescape(fina.get(unescape(address)).text)
        amounts = re.findall(r'data-amount="(-?[\d.]+)" data-currency', page)
        total = sum(abs(Money.of(each, "USD").minor) for each in amounts)
        assert total == Money.of(re.sub(r"[^\d.]", "", open_), "USD").minor > 0
        [said] = re.findall(r'id="sum-USD"><b><span[^>]*>([\d.,]+)', page)
        assert said == open_ and f"in {len(amounts)} lines" in page
        assert "No match" in fina.get("/coding?month=2020-01&currency=USD").text
        assert "No match" in fina.get(unescape(address).replace("USD", "EUR")).text
        assert fina.get("/coding?month=October").status_code == 422
