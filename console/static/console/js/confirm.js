// Keeps a dangerous button shut until the name was typed; the server checks it again.
function check(input) {
  const button = input.form.querySelector("[data-needs-confirmation]");
  button.disabled = input.value !== input.dataset.confirm;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("input[data-confirm]")) check(event.target);
});

function checkAll(within) {
  for (const input of within.querySelectorAll?.("input[data-confirm]") ?? []) check(input);
}

checkAll(document);
document.addEventListener("htmx:load", (event) => checkAll(event.target));
