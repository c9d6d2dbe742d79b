// Figures of a page, and whether what stands behind the link of one comes to it. Evaluated in a page of the console.
async () => {
  const NUMBER = /^[−-]?\d[\d,]*(\.\d+)?$/;
  const kept = new Map();
  const load = async (href) => {
    const address = new URL(href, location.href);
    const key = address.pathname + address.search;
    if (!kept.has(key)) {
      const answer = await fetch(key);
      const text = await answer.text();
      const doc = new DOMParser().parseFromString(text, "text/html");
      doc.bad = answer.status >= 400 ? answer.status : 0;
      kept.set(key, doc);
    }
    return kept.get(key);
  }
  const clean = (text) => text.replace(/\u00a0.*$/s, "").trim();
  const said = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll(".visually-hidden, .currency").forEach((each) => each.remove());
    return clean(copy.textContent);
  }
  const exact = (text) => {
    // Whole units of the last place, so that nothing is rounded.
    const plain = text.replaceAll(",", "").replace("−", "-");
    const [whole, part = ""] = plain.split(".");
    return { minor: BigInt(whole + part), places: part.length }
  }
  const written = (minor, places) => {
    const digits = (minor < 0n ? -minor : minor).toString().padStart(places + 1, "0");
    const cut = digits.length - places;
    const whole = digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
    return (minor < 0n ? "−" : "") + whole + (places ? "." + digits.slice(cut) : "");
  }
  const unsigned = (text) => text.replace("−", "");
  const at = (row, cell) => [...row.cells].slice(0, [...row.cells].indexOf(cell)).reduce((sum, each) => sum + each.colSpan, 0);
  const bodies = async (table, doc, path) => {
    // All rows of a table, on this page and on those that follow it.
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const label = table.caption?.textContent;
    const seen = new Set();
    let here = doc;
    for (let next = here.querySelector("a[rel=next]"); next && !seen.has(next.getAttribute("href")); next = here.querySelector("a[rel=next]")) {
      seen.add(next.getAttribute("href"));
      here = await load(new URL(next.getAttribute("href"), new URL(path, location.href)).href);
      const more = [...here.querySelectorAll("table")].find((each) => each.caption?.textContent === label);
      if (more) rows.push(...[...more.tBodies].flatMap((body) => [...body.rows]));
    }
    return rows;
  }
  const sums = (rows) => {
    const columns = new Map();
    for (const row of rows)
      for (const cell of row.cells) {
        if (!cell.matches(".num, :has(.money)")) continue;
        for (const part of cell.querySelector(".money") ? cell.querySelectorAll(".money") : [cell]) {
          const text = said(part);
          const currency = part.nextElementSibling?.matches?.(".currency") ? part.nextElementSibling.textContent : (part.querySelector?.(".currency")?.textContent ?? "");
          if (!NUMBER.test(text)) continue;
          const { minor, places } = exact(text);
          const key = at(row, cell) + " " + currency;
          const found = columns.get(key) ?? { minor: 0n, places: 0 }
          const most = Math.max(places, found.places);
          found.minor = found.minor * 10n ** BigInt(most - found.places) + minor * 10n ** BigInt(most - places);
          found.places = most;
          columns.set(key, found);
        }
      }
    // What is between two sides: debits less credits.
    const heads = [...(rows[0]?.closest("table").tHead?.rows[0].cells ?? [])].map((each) => each.textContent.trim());
    const [debit, credit] = [heads.indexOf("Debit"), heads.indexOf("Credit")];
    for (const [key, each] of credit < 0 ? [] : [...columns])
      for (const [of, sign] of [[debit, 1n], [credit, -1n]])
        if (key.startsWith(of + " ")) {
          const between = "between" + key.slice(key.indexOf(" "));
          const found = columns.get(between) ?? { minor: 0n, places: each.places };
          columns.set(between, { minor: found.minor + sign * each.minor, places: each.places });
        }
    const out = new Set([...columns.values()].map((each) => written(each.minor, each.places)));
    return out;
  }
  const explains = async (href, text) => {
    const address = new URL(href, location.href);
    const same = address.pathname + address.search === location.pathname + location.search;
    const doc = same ? document : await load(href);
    if (doc.bad) return `answers ${doc.bad}`;
    if (address.pathname.startsWith("/documents/")) return "";
    const main = doc.querySelector("main");
    const id = decodeURIComponent(address.hash.slice(1));
    const scope = id ? doc.getElementById(id) : main;
    if (!scope) return `has no #${id}`;
    const found = new Set();
    const tables = scope.matches("table") ? [scope] : [...scope.querySelectorAll("table")];
    for (const table of tables) {
      const rows = await bodies(table, doc, address.pathname + address.search);
      const [all] = [sums(rows)];
      for (const each of all) found.add(each);
      found.add(rows.length.toString().replace(/\B(?=(\d{3})+$)/g, ","));
    }
    if (id && !tables.length) found.add(scope.querySelectorAll("li").length.toString());
    // A figure of the target is no proof: its rows are, or a sum that is taken apart there.
    const items = scope.matches("p:not(.tie-out), li, tr, dl") ? [scope] : [...scope.querySelectorAll(".equation, li")];
    for (const item of items) for (const part of item.querySelectorAll(".money")) found.add(said(part));
    if (found.has(text) || found.has(unsigned(text)) || found.has("−" + text)) return "";
    const shown = [...scope.querySelectorAll(".money")].map(said);
    if (shown.includes(text)) return "only says it";
    return `comes to ${[...found].slice(0, 12).join("; ") || "nothing"}`;
  }
  const place = (element) => {
    const cell = element.closest("td, th");
    const section = element.closest("section[id]")?.id;
    const prefix = section ? `#${section} ` : "";
    if (cell) {
      const table = cell.closest("table");
      const heads = [...(table.tHead?.rows[0]?.cells ?? [])].flatMap((each) => Array(each.colSpan).fill(each));
      const foot = cell.closest("tfoot") ? "total of " : "";
      return `${prefix}${table.caption?.textContent.trim() ?? ""}: ${foot}${heads[at(cell.parentElement, cell)]?.textContent.trim() ?? ""}`;
    }
    const stat = element.closest(".stat");
    if (stat) return prefix + stat.querySelector(".stat-label").textContent.trim();
    const box = element.closest(".tie-out, .equation, li, dd, p, h1");
    return prefix + (box?.className || box?.tagName.toLowerCase() || "");
  }
  const out = [];
  const main = document.querySelector("main");
  const cells = [...main.querySelectorAll(".money, td.num, .stat-value")].filter(
    (each) => !(each.matches("td, .stat-value") && each.querySelector(".money")) && !each.closest(".print-only, dialog, details.folded, form, .confirm, option"),
  );
  for (const each of cells) {
    const text = said(each);
    if (!NUMBER.test(text) || /^[0.]+$/.test(text)) continue;
    const link = each.closest("a") ?? each.querySelector("a");
    const foot = each.closest("tfoot");
    let trouble = "";
    if (link) trouble = await explains(link.getAttribute("href"), text);
    else if (foot && !main.querySelector(".pager a")) {
      const above = sums([...foot.closest("table").tBodies].flatMap((body) => [...body.rows]));
      trouble = above.has(text) || above.has("−" + text) ? "" : "no link";
    }
    else trouble = "no link";
    if (trouble) out.push([place(each), text, link?.getAttribute("href") ?? "", trouble]);
  }
  return { figures: cells.length, troubles: out }
}
