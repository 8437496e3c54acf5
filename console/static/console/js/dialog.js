// A dialog that arrives with a reply opens by itself and leaves the page when it is closed.
function openFresh(within) {
  const dialog = within.querySelector?.("dialog[data-open-now]");
  if (!dialog || dialog.open) return;
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

document.addEventListener("htmx:load", (event) => openFresh(event.target.parentElement ?? document));

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-closes]");
  const dialog = closer?.closest("dialog");
  if (!dialog) return; // on a page of its own the link leads back
  event.preventDefault();
  dialog.close();
});
