// Opens native dialogs: a link to a page may name the dialog that shows the same form in place.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer?.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});

// A dialog that arrives with a reply, or with errors in its form, opens by itself.
function openFresh(within) {
  const dialog = within.querySelector?.("dialog[data-open-now]");
  if (!dialog || dialog.open) return;
  dialog.removeAttribute("data-open-now");
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog.showModal();
}

openFresh(document);
document.addEventListener("htmx:load", (event) => openFresh(event.target.parentElement ?? event.target));
