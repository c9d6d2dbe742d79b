// What is waited for longer than a fifth of a second says so in its place; what comes sooner does not flicker.

const SOON_MS = 200;

function placeOf({ sourceElement, target }) {
  if (sourceElement.hasAttribute("hx-sse:connect")) return null; // a stream is never done
  return typeof target === "string" ? document.querySelector(target) : target;
}

export function startWaiting() {
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    const place = placeOf(ctx);
    if (place) ctx.waiting = setTimeout(() => place.setAttribute("aria-busy", "true"), SOON_MS);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    clearTimeout(ctx.waiting);
    placeOf(ctx)?.removeAttribute("aria-busy");
  });
}
