// Switches between light and dark at once; the form's POST keeps the choice in a cookie.
const root = document.documentElement;
const isDark = () =>
  getComputedStyle(root).colorScheme === "dark" ||
  (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-theme-switch]");
  if (!form) return;
  event.preventDefault();
  const choice = isDark() ? "light" : "dark";
  root.dataset.theme = choice;
  const body = new FormData(form);
  body.set("theme", choice);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});
