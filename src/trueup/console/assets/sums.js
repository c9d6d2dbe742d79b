// The sum of the rows that are marked, in sight while one scrolls: whole minor units, so that no cent is lost; currencies each for
// themselves.

// The locale whose marks this person reads numbers by, as the server writes them.
export function figures() {
  return document.documentElement.dataset.figures || "en";
}

function digitsOf(text) {
  return (text.split(".")[1] ?? "").length;
}

function add(table, place) {
  const marked = [...table.querySelectorAll("input[data-amount]:checked")];
  place.hidden = !marked.length;
  const of = new Map();
  for (const each of marked) {
    const currency = each.dataset.currency ?? table.dataset.sums;
    of.set(currency, [...(of.get(currency) ?? []), each.dataset.amount]);
  }
  const sums = [...of].sort().map(([currency, amounts]) => `${total(amounts)} ${currency}`);
  place.textContent = `${marked.length} marked: ${sums.join(", ")}`;
}

// What amounts of one currency come to, in this person's figures.
function total(marked) {
  const digits = Math.max(0, ...marked.map(digitsOf));
  const minor = marked.reduce((sum, text) => sum + BigInt(text.replace(".", "") + "0".repeat(digits - digitsOf(text))), 0n);
  const plain = minor.toString().replace("-", "").padStart(digits + 1, "0");
  const whole = BigInt(plain.slice(0, plain.length - digits)).toLocaleString(figures());
  const mark = (1.5).toLocaleString(figures())[1];
  const amount = digits ? `${whole}${mark}${plain.slice(-digits)}` : whole;
  return `${minor < 0n ? "\u2212" : ""}${amount}`;
}

export function startSums() {
  document.addEventListener("change", (event) => {
    const table = event.target.matches?.("input[data-amount]") && event.target.closest("table[data-sums]");
    const place = table && document.querySelector("[data-summed]");
    if (place) add(table, place);
  });
}
