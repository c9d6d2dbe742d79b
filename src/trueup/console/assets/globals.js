// htmx for its extensions, which look for it by its global name.
import htmx from "htmx.org/dist/htmx.esm.js";
window.htmx = htmx;
