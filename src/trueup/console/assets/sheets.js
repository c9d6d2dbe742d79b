// A sheet of cells: one tab stop, arrow keys, Enter writes and Escape leaves; what is typed into a marked row fills all marked rows.
// Rows are moved, never drawn anew: sorting keeps what was typed. Without this the sheet is a form like any other.

const INNER = "input:not([type=hidden]), button";

function cellsOf(table) {
  return [...table.rows].map((row) => [...row.cells]);
}

function placeOf(cells, cell) {
  const row = cells.findIndex((each) => each.includes(cell));
  return [row, row < 0 ? -1 : cells[row].indexOf(cell)];
}

function go(table, cell) {
  if (!cell) return;
  table.querySelectorAll("[tabindex='0']").forEach((each) => each.setAttribute("tabindex", "-1"));
  const inner = cell.querySelector("input[type=checkbox], button");
  const target = inner ?? cell;
  target.setAttribute("tabindex", "0");
  target.focus();
}

function write(cell, letter) {
  const field = cell.querySelector("input.form-control");
  if (!field) return false;
  if (letter !== undefined) field.value = letter;
  field.focus();
  field.setSelectionRange?.(field.value.length, field.value.length);
  return true;
}

function fill(table, field) {
  const row = field.closest("tr");
  if (!row.querySelector("input[type=checkbox]")?.checked) return;
  for (const other of table.tBodies[0].rows) {
    if (other !== row && other.querySelector("input[type=checkbox]")?.checked) {
      other.querySelector(`input[name="${field.name}"]`).value = field.value;
    }
  }
}

function sort(table, button) {
  const head = button.closest("th");
  const down = head.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((each) => each.setAttribute("aria-sort", "none"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const name = button.dataset.sort;
  const less = (one, other) =>
    name === "amount" ? Number(one.dataset.amount) - Number(other.dataset.amount) : one.dataset[name].localeCompare(other.dataset[name]);
  const rows = [...table.tBodies[0].rows].sort((one, other) => (down ? less(other, one) : less(one, other)));
  table.tBodies[0].append(...rows);
}

function moved(event, table) {
  const cell = event.target.closest("td, th");
  const cells = cellsOf(table);
  const [row, column] = placeOf(cells, cell);
  const last = cells[row].length - 1;
  const to = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [event.ctrlKey ? 0 : row, 0],
    End: [event.ctrlKey ? cells.length - 1 : row, last],
  }[event.key];
  if (to) go(table, cells[to[0]]?.[to[1]]);
  return Boolean(to);
}

function press(event, table) {
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    event.stopPropagation();
    (document.getElementById("confirm") ?? document.getElementById("preview"))?.click();
    return;
  }
  const cell = event.target.closest("td, th");
  if (event.target.matches("input.form-control")) {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    event.target.blur();
    go(table, cell);
    return;
  }
  let taken = moved(event, table);
  if (!taken && (event.key === "Enter" || event.key === "F2")) taken = write(cell);
  else if (!taken && event.key === " " && !event.target.matches("button, input")) {
    cell.closest("tr").querySelector("input[type=checkbox]")?.click();
    taken = true;
  } else if (!taken && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
    taken = write(cell, event.key);
  }
  if (taken) event.preventDefault();
  // A letter that is written in a cell is no shortcut of the console's.
  if (taken || event.key.length === 1) event.stopPropagation();
}

export function startSheets() {
  for (const table of document.querySelectorAll("table[data-sheet]")) {
    table.querySelectorAll(INNER).forEach((each) => each.setAttribute("tabindex", "-1"));
    table.querySelectorAll("tbody td").forEach((cell) => cell.querySelector("input[type=checkbox]") ?? cell.setAttribute("tabindex", "-1"));
    table.querySelector("tbody input[type=checkbox]")?.setAttribute("tabindex", "0");
    table.addEventListener("keydown", (event) => press(event, table));
    table.addEventListener("change", (event) => event.target.matches("input.form-control") && fill(table, event.target));
    table.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-sort]");
      if (button) sort(table, button);
    });
  }
}
