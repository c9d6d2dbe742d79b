"""Looking: every list, show and explain says what is there, as a table and as JSON of a stable shape."""

from __future__ import annotations

import pytest

from tests.cli.seeded import SECRET_TEXTS, CommandLine

ORDERS = """\
id  partner    number    at Amazon     our answer      cases  answer due
 3  amazon-us  PO000001  acknowledged  accepted            0  2026-11-24 09:01
 2  amazon-us  PO000002  new           unanswered-yet      1  2026-11-24 09:01
 1  amazon-us  PO000003  new           unanswered-yet      1  2026-11-24 09:01
"""


def test_orders_are_listed(trueup: CommandLine) -> None:
    """The newest first, each with where it stands; columns that have no room are left out, none is cut."""
    assert trueup("orders", "list", COLUMNS="80").out == ORDERS
    wide = trueup("orders", "list").out.splitlines()
    assert wide[0].split() == "id partner number vendor rev at Amazon our answer cases ordered answer due".split()


def test_orders_as_json_have_a_stable_shape(trueup: CommandLine) -> None:
    """Scripts read the same keys in the same form."""
    said = trueup("orders", "list", "--standing", "accepted", "--json")
    assert said.code == 0
    assert said.json == [
        {
            "id": 3,
            "partner": "amazon-us",
            "number": "PO000001",
            "vendor_code": "NORDA",
            "state": "acknowledged",
            "revision": 1,
            "standing": "accepted",
            "open_cases": 0,
            "ordered_at": "2026-11-23T09:01:00Z",
            "answer_due_at": "2026-11-24T09:01:00Z",
            "first_seen_at": "2026-11-23T09:15:00Z",
        }
    ]


def test_an_order_is_shown_whole(trueup: CommandLine) -> None:
    """By number, by partner and number, or by id; lines, shop order and deliveries within."""
    by_number = trueup("orders", "show", "PO000001", "--json").json
    assert by_number == trueup("orders", "show", "amazon-us/PO000001", "--json").json
    assert by_number == trueup("orders", "show", "3", "--json").json
    assert [line["sku"] for line in by_number["lines"]] == ["LAMP-1", "CHAIR-1"]
    assert by_number["deliveries"][0]["state"] == "accepted"
    assert "net cost: 25.50 USD" in trueup("orders", "show", "PO000001").out


def test_an_order_tells_its_story(trueup: CommandLine) -> None:
    """From bytes to acceptance, in the order it happened, each with the hash of its evidence."""
    said = trueup("orders", "explain", "PO000001")
    told = [line.split()[3] for line in said.out.splitlines() if line.startswith("2026-")]
    looked = ["status.read", "status.read", "acknowledgement.proven"]
    assert told == ["order.received", "order.decided", "acknowledgement.sent", "shop", *looked]
    assert "2 cases accepted: all in stock" in said.out
    assert "\n  0 eaches received\n" in said.out, "what the read-back of the answer showed of receipts"
    story = trueup("orders", "explain", "PO000001", "--json").json["story"]
    assert all(len(event["evidence"]) == 64 for event in story)


def test_open_cases_are_findings(trueup: CommandLine) -> None:
    """Money stands to the right, exit code 1 says that someone should look, and 0 that nobody has to."""
    said = trueup("cases", "list", "--sort", "money", COLUMNS="110")
    assert said.code == 1
    rows = [line for line in said.out.splitlines() if " USD  " in line]
    assert [row.split(" USD  ")[0].split()[-1] for row in rows] == ["318.00", "6.00"]
    assert rows[0].index(" USD  ") == rows[1].index(" USD  ")
    assert trueup("cases", "list", "--kind", "shop.").code == 0


def test_a_case_says_what_may_be_decided(trueup: CommandLine) -> None:
    """Both numbers, the money, the deadline, and what each resolution would do."""
    said = trueup("cases", "explain", "2").out
    assert "expected   25.50 USD per each" in said and "found      26.50 USD per each" in said
    assert "at risk    318.00 USD" in said and "deadline   2026-11-24 09:01" in said
    assert "accept-as-ordered  take the order as Amazon sent it" in said
    assert trueup("cases", "show", "2", "--json").json["resolutions"]


def test_deliveries_say_what_proves_them(trueup: CommandLine) -> None:
    """A receipt is no proof; the state is told in words."""
    rows = trueup("deliveries", "list", "--json").json
    assert [(row["order"], row["state"], row["risk"]) for row in rows] == [
        ("amazon-us/PO000001", "accepted", "222.00 USD")
    ]
    assert trueup("deliveries", "list", "--open").out == "Nothing to show.\n"
    said = trueup("deliveries", "explain", "1").out
    assert "an independent read-back shows that the other side holds it as sent" in said
    assert "line 2: 1 case accepted" in said
    shown = trueup("deliveries", "show", "1", "--json").json
    assert [line["sequence"] for line in shown["answer"]] == [1, 2]


def test_documents_are_found_by_hash_and_explained(trueup: CommandLine) -> None:
    """From an order's evidence to the bytes, and from the bytes to all that was made of them."""
    evidence = trueup("orders", "show", "PO000001", "--json").json["evidence"]
    shown = trueup("documents", "show", evidence[:12], "--json").json
    assert (shown["digest"], shown["kind"], shown["holds"], shown["findings"]) == (evidence, "orders", 3, [])
    made = trueup("documents", "explain", evidence, "--json").json["made"]
    assert {"what": "order revision", "which": "amazon-us/PO000001 revision 1", "says": "received by sp-api"} in made
    assert '"purchaseOrderNumber"' in trueup("documents", "cat", evidence).out
    rows = trueup("documents", "list", "--kind", "acknowledgement", "--since", "2026-11-23", "--json").json
    assert [row["source"] for row in rows] == ["trueup"]
    assert trueup("documents", "list", "--since", "2026-11-24").out == "Nothing to show.\n"


def test_documents_are_verified(trueup: CommandLine) -> None:
    """All of them against their hashes, and the chain; one of them by its hash."""
    said = trueup("documents", "verify")
    assert said.code == 0
    assert said.out.splitlines()[1].startswith("The chain of ")
    data = trueup("documents", "verify", "--json").json
    assert data["broken"] == 0 and data["holds"] == data["documents"] > 5 and data["chain"]["breaks"] == []
    assert trueup("documents", "verify", "1").out.startswith("1 document verified (")


def test_products_and_stock_are_listed(trueup: CommandLine) -> None:
    """Packs, agreed costs and who counts; what orders hold, and what the shop claimed of it."""
    products = {row["sku"]: row for row in trueup("products", "list", "--json").json}
    assert products["VASE-1"]["counted_by"] == "declared" and products["LAMP-1"]["case_size"] == 6
    assert products["CHAIR-1"]["listings"][0]["cost"] == "25.50"
    stock = {row["sku"]: row for row in trueup("stock", "list", "--json").json}
    assert (stock["LAMP-1"]["reserved"], stock["LAMP-1"]["claimed"], stock["LAMP-1"]["free"]) == (12, 12, None)


def test_a_number_of_stock_is_shown_with_the_sum_that_makes_it(trueup: CommandLine) -> None:
    """Term by term, with source and age; what orders hold; the history that led there; one that nobody counts says so."""
    shown = trueup("stock", "show", "LAMP-1", "--json").json
    assert shown["held"][0]["order"] == "amazon-us/PO000001" and shown["counted_by"] == "shop"
    for channel in shown["channels"]:
        assert channel["eaches"] == max(0, sum(term["eaches"] for term in channel["terms"]))
        assert channel["terms"][0]["term"] == "on-hand" and channel["terms"][0]["evidence"]
    said = trueup("stock", "show", "LAMP-1").out
    assert "may be sold" in said and "on hand" in said and "order amazon-us/PO000001" in said
    unknown = trueup("stock", "show", "LAMP-X")
    assert unknown.code == 2 and "No product 'LAMP-X'" in unknown.err
    history = trueup("stock", "history", "LAMP-1", "--json").json
    assert [row["what"] for row in history if row["source"] == "reservations"] == ["reserved"]
    assert history[-1]["held"] == 12 and any(row["what"] == "counted" for row in history)
    early = trueup("stock", "policy", "VASE-1")
    assert early.code == 2 and "nothing to replay" in early.err


def test_acts_are_listed_by_who_and_what(trueup: CommandLine) -> None:
    """The audit trail, the newest first."""
    rows = trueup("acts", "list", "--by", "TRUEUP", "--act", "acknowledgement.", "--json").json
    assert [row["act"] for row in rows] == ["acknowledgement.proven", "acknowledgement.sent"]
    assert trueup("acts", "list", "--subject", "order amazon-us/PO000003", "--json").json[0]["act"] == "order.received"


def test_status_is_a_page(trueup: CommandLine) -> None:
    """Orders, cases with their money, deliveries, sources, workers; exit code 1 while a case is open."""
    said = trueup("status")
    assert said.code == 1
    assert "Orders       3, and 0 from before our time" in said.out
    assert "Cases        2 open, 324.00 USD at risk" in said.out
    assert "1  acknowledgement accepted" in said.out
    data = trueup("status", "--json").json
    assert data["open_cases"] == {"held.cost-differs": 1, "held.product-unknown": 1}
    assert data["reserved_eaches"] == data["claimed_eaches"] == 16


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("orders", "show", "NOPE"), "Order 'NOPE': no such order; `trueup orders list` shows them."),
        (("orders", "show", "amazon-de/PO000001"), "no such order"),
        (("orders", "show", "99"), "no such order"),
        (("cases", "show", "99"), "Case 99: no such case"),
        (("cases", "list", "--sort", "colour"), "--sort colour: expected one of deadline, money, age."),
        (("deliveries", "show", "99"), "no such delivery"),
        (("deliveries", "list", "--state", "lost"), "--state lost: expected one of prepared, sent,"),
        (("documents", "show", "99"), "No document 99 is in the archive."),
        (("documents", "show", "abcdefab"), "no such number or hash"),
        (("documents", "list", "--since", "yesterday"), "expected ISO 8601"),
        (("runs", "show", "none"), "Run 'none': there is none of that id"),
        (("runs", "list", "--status", "odd"), "--status odd: expected one of timed, waiting,"),
    ],
)
def test_what_is_not_there_is_a_sentence(trueup: CommandLine, words: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, one sentence on stderr, nothing on stdout; with --json the same as an object."""
    said = trueup(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trueup: ") and sentence in said.err
    assert "Traceback" not in said.err
    assert sentence in trueup(*words, "--json").json["message"]


def test_output_goes_to_a_file_whole_or_not_at_all(trueup: CommandLine) -> None:
    """--output for tables, JSON and bytes; a folder that is not there is a sentence."""
    for words in (("orders", "list"), ("orders", "list", "--json"), ("documents", "cat", "5"), ("products", "export")):
        file = trueup.folder / "out"
        printed = trueup(*words).out
        said = trueup(*words, "--output", str(file))
        assert (said.code, said.out) == (0, "")
        assert file.read_text() == printed
    said = trueup("orders", "list", "-o", str(trueup.folder / "none" / "out"))
    assert said.code == 2 and "cannot be written (No such file or directory)" in said.err
    assert {path.name for path in trueup.folder.iterdir()} == {"trueup.toml", "out"}


def test_secrets_show_nowhere(trueup: CommandLine) -> None:
    """Not in any look, nor in what is said at length."""
    for words in (("status",), ("check",), ("acts", "list"), ("check", "--json"), ("people",)):
        said = trueup(*words, "--verbose", TRUEUP_LOG="debug")
        assert not any(text in said.out + said.err for text in SECRET_TEXTS)
