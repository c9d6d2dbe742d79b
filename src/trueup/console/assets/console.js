// What the server cannot do alone: keys, the palette, the theme, toasts. No page needs it to be read or to act.
import "./globals.js";
import "htmx.org/dist/ext/hx-sse.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startFrame, toast } from "./frame.js";
import { startCharts } from "./chart_places.js";
import { startMatching } from "./matching.js";
import { startPasskeys } from "./passkeys.js";
import { startSheets } from "./sheets.js";
import { startSums } from "./sums.js";
import { startWaiting } from "./waiting.js";

startFrame();
startPalette();
startKeys();
startCharts();
startMatching();
startPasskeys();
startSheets();
startSums();
startWaiting();

// What htmx asks for is looked at, or tried and rolled back.
document.addEventListener("htmx:error", () => toast("The server could not be reached. Nothing was changed; try again."));
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status >= 500) toast("The server failed. Nothing half-done was kept.");
});
