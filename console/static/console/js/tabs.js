// On a narrow screen a row of tabs scrolls: the one that is open comes into view.
function reveal(within) {
  for (const tab of within.querySelectorAll?.(".tabs [aria-current]") ?? []) {
    const row = tab.parentElement;
    const middle = tab.offsetLeft - row.offsetLeft + tab.offsetWidth / 2;
    row.scrollLeft = middle - row.clientWidth / 2;
  }
}

reveal(document);
addEventListener("resize", () => reveal(document));
document.addEventListener("htmx:load", (event) => reveal(event.target));
