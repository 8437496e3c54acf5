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
