// A secret is shown once: Done stays shut until it was copied, or its owner says it is kept.
function release(sheet) {
  sheet.dataset.isKept = "";
  sheet.querySelector("[data-done]").removeAttribute("aria-disabled");
  const hint = sheet.querySelector("[data-keep-hint]");
  hint.textContent = hint.dataset.keepHint || "The key will not be shown again.";
}

function shut(within) {
  const sheet = within.querySelector?.("[data-secret-sheet]:not([data-is-kept])");
  sheet?.querySelector("[data-done]").setAttribute("aria-disabled", "true");
}

document.addEventListener("stonepine:copied", (event) => {
  const sheet = event.target.closest("[data-secret-sheet]");
  if (sheet && event.target.closest("[data-secret]")) release(sheet);
});

document.addEventListener("change", (event) => {
  const sheet = event.target.closest("[data-secret-sheet]");
  if (sheet && event.target.matches("[data-kept]") && event.target.checked) release(sheet);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-done][aria-disabled=true]")) event.preventDefault();
});

document.addEventListener(
  "cancel",
  (event) => {
    const sheet = event.target.querySelector?.("[data-secret-sheet]");
    if (sheet && sheet.dataset.isKept === undefined) event.preventDefault();
  },
  true,
);

shut(document);
document.addEventListener("htmx:load", (event) => shut(event.target.parentElement ?? event.target));
