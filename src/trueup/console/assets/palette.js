// The palette: search from anywhere, chosen with the arrow keys.

export function openPalette() {
  const palette = document.getElementById("palette");
  if (!palette || palette.open) return;
  palette.showModal();
  document.getElementById("palette-words").select();
}

// What was typed before htmx listened to the field is sought too.
export function searchWhatIsThere() {
  const words = document.getElementById("palette-words");
  if (words?.value) words.dispatchEvent(new Event("input", { bubbles: true }));
}

function choose(step) {
  const hits = [...document.querySelectorAll("#palette-hits .hit")];
  if (!hits.length) return;
  const now = hits.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  const next = (now + step + hits.length) % hits.length;
  hits.forEach((hit, index) => hit.setAttribute("aria-selected", String(index === next)));
  hits[next].scrollIntoView({ block: "nearest" });
  document.getElementById("palette-words").setAttribute("aria-activedescendant", hits[next].id);
}

export function startPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  document.querySelectorAll("[data-palette]").forEach((button) => button.addEventListener("click", openPalette));
  palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const hit = palette.querySelector('.hit[aria-selected="true"]') ?? palette.querySelector(".hit");
      if (hit) {
        event.preventDefault();
        location.assign(hit.href);
      }
    }
  });
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
  });
}
