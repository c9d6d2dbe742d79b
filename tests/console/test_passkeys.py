"""Passkeys in a real browser: its virtual authenticator makes one and signs in with it; a shown one is not shown twice."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page as Tab

from tests.console.installed import Console


def test_a_passkey_is_made_and_signs_in(console: Console, page_of: Callable[..., Tab]) -> None:
    """Made in the account, used at the door; forgotten, it opens nothing."""
    tab = page_of("Bo Admin")
    tab.goto("/account")
    devices = tab.context.new_cdp_session(tab)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    tab.locator("#passkey-label").fill("A test's device")
    tab.locator("#make-passkey").click()
    tab.get_by_text("A test's device").first.wait_for()
    tab.locator("#person-menu summary").click()
    tab.get_by_role("button", name="Sign out").click()
    tab.locator("#use-passkey").click()
    tab.get_by_role("heading", name="Today").wait_for()
    tab.goto("/account")
    assert "passkey" in tab.locator("#sessions").inner_text()
    tab.locator("#drop-1").click()
    tab.get_by_text("The passkey opens nothing any more.").first.wait_for()


def test_what_no_ceremony_began_is_refused(console: Console) -> None:
    """A credential without its ceremony, or of another, lets nobody in."""
    with console.visitor() as nobody:
        bodies: list[dict[str, object]] = [{}, {"ceremony": "x", "credential": {"id": "y"}}, {"credential": []}]
        for body in bodies:
            answer = nobody.http.post("/sign-in/passkey/finish", json=body)
            assert answer.status_code == 409
            assert "set-cookie" not in answer.headers
