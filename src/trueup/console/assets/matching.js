// On the desk of a match an explanation is taken as it stands, or a match is put together: what begins the one lets go of the other.
export function startMatching() {
  // Before htmx reads the form, which it does where the event arrives.
  for (const name of ["change", "input"]) document.addEventListener(name, (event) => choose(event.target), true);
}

function choose(field) {
  const form = field.closest?.("form.match");
  if (!form || field.form !== form) return;
  if (field.name === "choice" && field.value) form.querySelectorAll("input[name=pick]:checked").forEach(letGo);
  else if (field.name === "pick" || field.name === "of" || field.name?.startsWith("amount-")) {
    form.querySelectorAll("input[name=choice]:checked").forEach(letGo);
  }
}

function letGo(box) {
  box.checked = false;
}
