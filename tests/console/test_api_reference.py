"""The API's reference in the console: it tells every operation and shape, leads nowhere that is not there, and its calls work."""

from __future__ import annotations

import re
import shlex
from html import unescape

from tests.console.calling import calling, token
from tests.console.installed import Console
from trueup.api.v1 import describe
from trueup.console.api_words import calls_by_kind, shapes_of


def test_the_reference_tells_everything_and_every_link_on_it_leads(console: Console) -> None:
    """Each operation with its scope, each shape with its fields; a search finds a call by its words."""
    described = describe()
    with console.visitor("Aude") as aude:
        page = unescape(aude.get("/api-reference").text)
        found = aude.get("/search?words=Put a case aside").text
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page
            assert f'id="{operation["operationId"]}"' in page
    anchors = set(re.findall(r' id="([^"]+)"', page))
    assert not set(re.findall(r'href="#([^"]+)"', page)) - anchors
    assert len(shapes_of(described)) == len(described["components"]["schemas"])
    assert "/api-reference#snooze" in found


def test_an_address_says_what_it_answers(console: Console) -> None:
    """To any other method 405, naming all of them (RFC 9110, 10.2.1), of several operations at one address too."""
    wrong = []
    with calling(console, "") as stranger:
        for path, methods in describe()["paths"].items():
            answer = stranger.http.request("TRACE", re.sub(r"\{\w+(?::\w+)?\}", "7", path))
            allowed = answer.headers.get("allow", "").split(", ")
            if answer.status_code != 405 or not {each.upper() for each in methods} <= set(allowed):
                wrong.append(f"{path}: {answer.status_code} {allowed}")
    assert not wrong, "\n".join(wrong)


def test_every_call_on_the_reference_can_be_copied(console: Console) -> None:
    """Read as a shell reads it and sent, each is a call that the API knows: done, or refused for what is not there.

    Acts are sent as a trial where one can be; the others are not sent.
    """
    wrong = []
    with calling(console, token(console, "Bo Admin")) as bo:
        for calls in calls_by_kind(describe(), console.url).values():
            for call in calls:
                words = shlex.split(call.curl.replace("\\\n", ""))
                address, given = words[-1], dict(zip(words[1:-1:2], words[2:-1:2], strict=True))
                dry = any(part.name == "dry_run" for part in call.parts)
                assert words[0] == "curl" and address.startswith(console.url)
                if call.method != "GET" and not dry:
                    continue
                if call.method != "GET":
                    address += ("&" if "?" in address else "?") + "dry_run=true"
                headers = {"content-type": "application/json"} if "-d" in given else {}
                if "--data-binary" in given:
                    headers, given["-d"] = {"content-type": "application/octet-stream"}, "sku,location,on_hand\r\n"
                answer = bo.http.request(call.method, address, content=given.get("-d"), headers=headers)
                documented = {each.status for each in call.answers}
                if str(answer.status_code) not in documented or answer.status_code in (400, 401, 403, 405, 422):
                    wrong.append(f"{call.method} {address}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
