// Copies a value: of the button itself (data-copy), or the text of an element (data-copy-from).
const SHOWN_MS = 1600;

async function write(text) {
  if (navigator.clipboard?.writeText) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on another host is no secure context: select and copy as in old days.
  const area = document.createElement("textarea");
  area.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function textOf(button) {
  if (button.dataset.copy !== undefined) return button.dataset.copy;
  const box = button.closest("[data-copy-scope]");
  const shown = [...box.querySelectorAll(button.dataset.copyFrom)].find((e) => e.offsetParent);
  return shown?.textContent ?? "";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  await write(textOf(button));
  button.classList.add("is-copied");
  button.dispatchEvent(new CustomEvent("stonepine:copied", { bubbles: true }));
  announce("Copied");
  setTimeout(() => button.classList.remove("is-copied"), SHOWN_MS);
});

function announce(words) {
  const region = document.querySelector("dialog[open] [data-announce]") ?? document.querySelector("[data-announce]");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = words;
  });
}
