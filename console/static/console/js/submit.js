// A form is sent once: its buttons rest while the request is under way. One whose answer is a file
// leaves the page as it is, and may be sent again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  if ("downloads" in event.target.dataset) return;
  const buttons = event.target.querySelectorAll("button[type=submit]");
  setTimeout(() => {
    for (const button of buttons) button.disabled = true;
  });
});

// Coming back by history restores the page as it was left: open the buttons again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[type=submit]:disabled")) button.disabled = false;
});
