// Single keys: `?` lists them, `/` searches, `g` and a letter go to a page of the sidebar. Not while
// somebody types or a dialog is open, and not for those who switched them off.
const OFF = "stonepine-single-keys-off";
const PAUSE_MS = 1200;
const list = document.getElementById("shortcuts");
const toggle = list?.querySelector("[data-single-keys]");
let before = "";
let beforeAt = 0;

function showList() {
  document.querySelector("dialog[open]")?.close();
  toggle.checked = !localStorage.getItem(OFF);
  list.showModal();
}

function search() {
  const field = document.querySelector("main input[type=search]");
  if (field) field.focus();
  else document.dispatchEvent(new Event("palette-wanted"));
}

function follow(keys) {
  const link = document.querySelector(`.side a[data-keys="${CSS.escape(keys)}"]`);
  link?.click();
  return Boolean(link);
}

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function press(event) {
  if (event.key === "?") return showList();
  if (event.key === "/") {
    event.preventDefault();
    return search();
  }
  const isSecond = performance.now() - beforeAt < PAUSE_MS && follow(before + event.key);
  [before, beforeAt] = isSecond ? ["", 0] : [event.key, performance.now()];
}

if (list) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (localStorage.getItem(OFF) || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    press(event);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shows-shortcuts]")) showList();
  });

  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}
