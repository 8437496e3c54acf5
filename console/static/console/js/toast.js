// Takes toasts away: by their button, or by themselves while nobody points at them.
const STAYS_MS = 6000;

function leaveLater(toast) {
  let timer = setTimeout(() => toast.remove(), STAYS_MS);
  for (const pause of ["mouseenter", "focusin"]) {
    toast.addEventListener(pause, () => clearTimeout(timer));
  }
  toast.addEventListener("mouseleave", () => {
    timer = setTimeout(() => toast.remove(), STAYS_MS);
  });
}

for (const toast of document.querySelectorAll(".toast:not(.error):not([data-stays])")) leaveLater(toast);

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast")?.remove();
});

// A request that failed without a page of its own says so, instead of nothing happening.
function tell(words) {
  const toast = document.getElementById("toast-of-failure").content.firstElementChild.cloneNode(true);
  toast.querySelector("span").textContent = words;
  document.querySelector(".toasts").append(toast);
}

document.addEventListener("htmx:sendError", () => tell("Stonepine did not answer. Check the connection, then try again."));
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 429) tell("Too many requests. Wait a moment, then try again.");
  else if (status === 403) tell("This is not allowed, or the page is too old. Reload it, then try again.");
  else if (status !== 404) tell(`Something went wrong (${status}). Try again; nothing else was changed.`);
});
