// Fills in the local time beside the absolute UTC time that a <time> shows on hover.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function explain(within) {
  for (const time of within.querySelectorAll?.("time[datetime][title]:not([data-local])") ?? []) {
    time.dataset.local = "";
    time.title += `\n${local.format(new Date(time.dateTime))} (your time)`;
  }
}

explain(document);
document.addEventListener("htmx:load", (event) => explain(event.target));
