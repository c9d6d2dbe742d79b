"""Settings, Connections: what each is let do and until when, tested on asking, with secrets that are written and never read."""

from __future__ import annotations

from tests.cli.seeded import SECRET_TEXTS
from tests.console.calling import calling, token
from tests.console.installed import Console

HERE = "/settings/connections/amazon-us"


def test_a_connection_is_tested_on_its_page_and_by_the_api_and_says_what_is_unknown(console: Console) -> None:
    """Unknown and never green before; the system is dead here, and that is what is kept, with who asked; no secret is shown."""
    with console.visitor("Olga") as olga:
        before = olga.get(HERE).text
        assert "Unknown, never tested" in before and "env:REFRESH_TOKEN" in before and "180 days" in before
        assert "Unknown, never tested" in olga.get("/settings").text
        gone = olga.post(f"{HERE}/test")
        assert gone.status_code == 303 and gone.headers["location"].endswith(HERE)
        after = olga.get(HERE).text
        assert "by Olga" in after and "Fails" in after and "Login with Amazon" in after
        assert "1 of 1 amiss" in olga.get("/settings").text
        refused = olga.http.post(f"{HERE}/secret", data={"csrf": olga.csrf, "kept": "env:REFRESH_TOKEN", "secret": "x"})
        assert refused.status_code == 403
    with console.visitor("Ana Admin") as ana:
        fields = {"csrf": ana.csrf, "kept": "env:REFRESH_TOKEN", "secret": "never-kept"}
        told = ana.http.post(f"{HERE}/secret", data=fields)
        assert told.status_code == 422 and "nothing was changed" in told.text and "never-kept" not in told.text
    with console.visitor("Aude") as aude:
        assert aude.http.post(f"{HERE}/test", data={"csrf": aude.csrf}).status_code == 403
        assert aude.get("/settings/connections/nowhere").status_code == 404
    with calling(console, token(console, "Olga", "look", "connections.test")) as call:
        listed = {each["name"]: each for each in call.json("/connection-access")["items"]}
        assert (listed["amazon-us"]["state"], listed["amazon-us"]["tested_by"]) == ("bad", "Olga")
        tested = call.send("/connections/amazon-us/tests").json()
        assert tested["answers"][0]["verdict"] == "fails"
        assert call.json("/connections/amazon-us/access") == tested
        assert call.send("/connections/nowhere/tests").status_code == 404
        text = call.get("/connection-access").text
    assert not any(secret in text + after for secret in SECRET_TEXTS)
