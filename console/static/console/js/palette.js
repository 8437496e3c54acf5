// The command palette: Ctrl-K opens it, arrows choose, Enter goes. The server finds; without
// scripts its button leads to a page that does the same.
const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const found = dialog?.querySelector(".found");
const hits = () => [...found.querySelectorAll("[data-hit]")];
// Whether the list is of an older text, and whether Enter waits for the one to come.
let isStale = false;
let isGoing = false;

function openPalette() {
  if (!dialog || dialog.open) return;
  input.value = "";
  isGoing = false;
  dialog.showModal();
  search();
}

function search() {
  isStale = true;
  input.dispatchEvent(new Event("palette-open"));
}

function go() {
  isGoing = false;
  hits().find((hit) => hit.getAttribute("aria-selected") === "true")?.click();
}

function choose(chosen) {
  for (const hit of hits()) hit.setAttribute("aria-selected", String(hit === chosen));
  if (!chosen) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = hits();
  const now = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  if (all.length) choose(all[(now + by + all.length) % all.length]);
}

const KEYS = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

if (dialog) {
  document.addEventListener("palette-wanted", openPalette);

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    openPalette();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-opens-palette]") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    openPalette();
  });

  dialog.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault(); // Enter goes to what is chosen
    if (!isStale) return go();
    isGoing = true;
    search();
  });

  input.addEventListener("input", () => {
    isStale = true;
    isGoing = false;
  });

  found.addEventListener("htmx:afterSwap", (event) => {
    hits().forEach((hit, number) => {
      hit.id = `hit-${number}`;
      hit.setAttribute("role", "option");
      hit.tabIndex = -1;
    });
    const nothing = found.querySelector(".nothing");
    nothing?.setAttribute("role", "option"); // a list that is empty says so
    nothing?.setAttribute("aria-disabled", "true");
    choose(hits()[0]);
    isStale = event.detail.requestConfig.formData.get("q") !== input.value;
    if (isGoing && !isStale) go();
  });

  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
