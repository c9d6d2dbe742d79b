// Keys. Letters act only while focus is in a list or its detail ([data-keys]) or nowhere, never in a field; they can be off.
import { openPalette, searchWhatIsThere } from "./palette.js";

const FIELD = "input, textarea, select, [contenteditable]";
let went = 0;
// A row that was opened and whose detail is not there yet: keys wait for it, for they are meant for what is seen next. In the
// beginning it is the page itself: htmx takes its links over a moment after they can be clicked.
let opening = document;
let typed = [];

function rows() {
  return [...document.querySelectorAll("[data-rows] tbody tr")].filter((row) => row.querySelector("a[data-open], a"));
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.contains(document.activeElement) || row.classList.contains("here"));
  const next = all[Math.min(all.length - 1, Math.max(0, here + step))];
  const link = next.querySelector("a[data-open]") ?? next.querySelector("a");
  link.focus();
  if (link.hasAttribute("hx-get")) link.click();
}

// Shift and an arrow select from here on, row by row; back over what is selected, they let go of it.
function extend(step) {
  const all = rows();
  const focused = all.findIndex((row) => row.contains(document.activeElement));
  const here = focused < 0 ? all.findIndex((row) => row.classList.contains("here")) : focused;
  const box = (index) => all[index]?.querySelector("input[type=checkbox]");
  if (here < 0 || !box(here)) return false;
  const next = Math.min(all.length - 1, Math.max(0, here + step));
  const back = next !== here && box(here).checked && box(next)?.checked;
  if (box(here).checked === Boolean(back)) box(here).click();
  if (next !== here && !back && !box(next)?.checked) box(next)?.click();
  (all[next].querySelector("a[data-open]") ?? all[next].querySelector("a")).focus();
  return true;
}

function press(selector) {
  const found = document.querySelector(selector);
  if (!found || found.disabled) return false;
  if (found.tagName === "DETAILS") {
    found.open = true;
    found.querySelector("textarea, input:not([type=hidden]), select")?.focus();
  } else if (found.type === "radio") {
    found.click();
    found.focus();
  } else if (found.matches("textarea, input, select")) found.focus();
  else found.click();
  return true;
}

function letter(key) {
  if (went && Date.now() - went < 1500) {
    went = 0;
    return press(`a[data-go="${CSS.escape(key)}"]`);
  }
  switch (key) {
    case "g":
      went = Date.now();
      return true;
    case "j":
    case "k":
      move(key === "j" ? 1 : -1);
      return true;
    case "?":
      document.getElementById("keys")?.showModal();
      return true;
    case "/":
      if (!press(".filters input[type=search]")) openPalette();
      return true;
    case "x": {
      const row = document.activeElement.closest?.("tr") ?? document.querySelector("tr.here");
      const box = row?.querySelector("input[type=checkbox]");
      box?.click();
      return Boolean(box);
    }
    case "Enter":
      document.activeElement.click?.();
      return true;
    case "u":
      return press("#undo");
    case "e": {
      // Of a page without an evidence of its own it is that of the row that has the focus, or the first there is.
      const row = document.activeElement.closest?.("tr") ?? document.querySelector("tr.here");
      const found = document.querySelector('[data-key="e"]') ?? row?.querySelector("a.evidence");
      (found ?? document.querySelector("main a.evidence"))?.click();
      return Boolean(found ?? document.querySelector("main a.evidence"));
    }
    default:
      return press(`[data-key="${CSS.escape(key)}"]`);
  }
}

function isWrittenIn(element) {
  return Boolean(element?.matches?.(FIELD)) && !["checkbox", "radio"].includes(element.type);
}

// What was typed meanwhile acts now; once a key has led into a field, the rest was meant for that.
function opened(keys) {
  opening = null;
  while (keys.length && !opening && !isWrittenIn(document.activeElement)) letter(keys.shift());
  const field = document.activeElement;
  if (isWrittenIn(field)) {
    const words = keys.splice(0);
    const sends = words.at(-1) === "Enter" && field.tagName === "INPUT";
    const text = (sends ? words.slice(0, -1) : words).map((key) => (key === "Enter" ? "\n" : key)).join("");
    field.setRangeText?.(text, field.value.length, field.value.length, "end");
    if (sends) field.form?.requestSubmit();
  }
  typed = keys;
}

function jump(step) {
  const marks = [...document.querySelectorAll("mark[id^=finding-]")];
  const here = marks.indexOf(document.activeElement);
  // Beyond the part that is shown the next finding is in another part.
  const beyond = document.querySelector(".finding-bar")?.dataset[step > 0 ? "after" : "before"];
  if (beyond && (!marks.length || here === (step > 0 ? marks.length - 1 : 0))) {
    location.assign(beyond);
    return;
  }
  if (!marks.length) return;
  const next = marks[here < 0 ? (step > 0 ? 0 : marks.length - 1) : (here + step + marks.length) % marks.length];
  next.focus();
  next.scrollIntoView({ block: "center" });
}

// Where there is room for one of them alone, the list is shown again in the place of what was opened.
function close() {
  const back = document.querySelector(".split.opened a[data-leave]");
  if (back) history.replaceState(history.state, "", back.href);
  document.querySelector(".split.opened")?.classList.remove("opened");
  leave();
}

function leave() {
  const row = document.querySelector("tr.here a");
  if (row && document.activeElement !== row) row.focus();
}

export function startKeys() {
  setTimeout(() => {
    if (opening === document) opened(typed);
    searchWhatIsThere();
  }); // after htmx, which was told to begin in the same way before
  // After an act the queue is drawn anew: the row that follows has the focus, as if nothing had moved.
  if (document.querySelector("#said .told") && document.activeElement === document.body) leave();
  document.getElementById("finding-next")?.addEventListener("click", () => jump(1));
  document.getElementById("finding-back")?.addEventListener("click", () => jump(-1));
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      // What a page asks to be sure of is what there is to send, wherever the focus is.
      if (event.target.form) event.target.form.requestSubmit();
      else document.getElementById("confirm")?.click();
      return;
    }
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
    if (event.ctrlKey || event.metaKey || event.altKey || !("shortcuts" in document.body.dataset)) return;
    if (isWrittenIn(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      if (extend(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
      return;
    }
    // Enter opens what has the focus, by itself; after keys that still wait it waits too, for they move the focus.
    if (event.key.length !== 1 && !(event.key === "Enter" && opening && typed.length)) return;
    if (opening) typed.push(event.key);
    else if (!letter(event.key)) return;
    event.preventDefault();
  });
}

// The row that a detail belongs to is marked, and what an act is to be confirmed with has the focus.
document.addEventListener("htmx:after:swap", () => {
  document.querySelector("#try [data-focus]")?.focus();
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.target !== opening) return;
  shown(true);
  if (brings) bring();
  opened(event.detail.ctx.status === "swapped" ? typed : []);
});
// Until the detail of the row that was opened is there, that of another one stands in its place: nobody decides by mistake on that.
function shown(yes) {
  document.getElementById("detail")?.toggleAttribute("inert", !yes);
}

// Who opened a row by hand is led to what it shows, where that takes the place of the list. Keys that walk the rows stay there.
let brings = false;
function bring() {
  const split = document.querySelector(".split");
  if (!split || getComputedStyle(split).gridTemplateColumns.includes(" ")) return;
  split.classList.add("opened");
  scrollTo(0, 0);
  document.querySelector("#detail h2[tabindex]")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("a[data-leave]")) {
    event.preventDefault();
    close();
    return;
  }
  const link = event.target.closest?.("[data-rows] a[hx-get]");
  if (!link) return;
  brings = event.isTrusted;
  document.querySelectorAll("[data-rows] tr.here").forEach((row) => row.classList.remove("here"));
  document.querySelectorAll("[data-rows] a[aria-current]").forEach((each) => each.removeAttribute("aria-current"));
  link.closest("tr").classList.add("here");
  opening = link;
  typed = [];
  shown(false);
  link.setAttribute("aria-current", "true");
});
