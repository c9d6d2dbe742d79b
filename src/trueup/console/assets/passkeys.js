// Passkeys: the two ceremonies of WebAuthn between this browser and the server.
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from "@simplewebauthn/browser";

async function post(address, body, csrf) {
  const reply = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.message);
  return said;
}

async function run(button) {
  const { passkey, csrf = "", next = "/" } = button.dataset;
  const made = passkey === "make";
  const path = made ? "/account/passkeys" : "/sign-in/passkey";
  const begun = await post(`${path}/begin`, {}, csrf);
  const ceremony = made ? startRegistration : startAuthentication;
  const credential = await ceremony({ optionsJSON: begun.options });
  await post(`${path}/finish`, { ceremony: begun.ceremony, credential, label: document.getElementById("passkey-label")?.value ?? "" }, csrf);
  location.assign(made ? "/account" : next);
}

export function startPasskeys() {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = !browserSupportsWebAuthn();
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await run(button);
      } catch (error) {
        const place = document.getElementById("problems");
        place.textContent = "";
        const words = document.createElement("p");
        words.className = "problem";
        words.textContent = error.name === "NotAllowedError" ? "No passkey was used. Nothing was changed." : error.message;
        place.append(words);
      } finally {
        button.disabled = false;
      }
    });
  }
}
