// The frame: menu on a phone, theme, time zone, forms that send themselves, sentences that go away.

const HEARD_MS = 150;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax${secure}`;
}

export function toast(words) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const said = document.createElement("p");
  said.className = "toast-said";
  said.textContent = words;
  place.append(said);
  setTimeout(() => said.remove(), 8000);
}

function setTheme(theme) {
  document.documentElement.dataset.bsTheme = theme;
  remember("theme", theme);
  document.dispatchEvent(new CustomEvent("trueup:theme"));
}

function startTheme() {
  if ("themeUnset" in document.body.dataset) {
    setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }
  const button = document.querySelector("[data-theme-switch]");
  button?.addEventListener("click", () => {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    setTheme(next);
    button.setAttribute("aria-label", `Switch to ${next === "dark" ? "light" : "dark"} theme`);
  });
}

function startMenu() {
  const toggle = document.getElementById("nav-toggle");
  const sidebar = document.getElementById("sidebar");
  toggle?.addEventListener("click", () => {
    const open = sidebar.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

export function startFrame() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("zone=")) remember("zone", zone);
  startTheme();
  startMenu();
  // A screen reader reads out what comes into a place that it knows, once; what stood there from the beginning it may pass over.
  const heard = [...document.querySelectorAll("[data-heard]")].map((each) => each.innerText);
  setTimeout(() => {
    const place = document.getElementById("heard");
    if (place) place.textContent = heard.join(" ");
  }, HEARD_MS);
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-send]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) print();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (!navigator.onLine) {
      event.preventDefault();
      toast("You are offline. Nothing was sent, and what you typed is kept; press again when you are back.");
    } else if (form.dataset.sent) event.preventDefault(); // a form is sent once, however often its button is pressed
    else form.dataset.sent = "yes";
  });
  // On paper nothing can be opened: what is folded is printed open, and folded again.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    folded.forEach((each) => (each.open = true));
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));
}
