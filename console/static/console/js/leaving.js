// A part that asks again for itself may answer while somebody is on the way to another page: what it
// says then comes too late, and must neither change this page nor take the click back.
const ON_THE_WAY_MS = 20000;
let leftAt = -Infinity;

addEventListener("beforeunload", () => {
  leftAt = performance.now();
});

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const asksForItself = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every");
  if (asksForItself && performance.now() - leftAt < ON_THE_WAY_MS) event.preventDefault();
});
