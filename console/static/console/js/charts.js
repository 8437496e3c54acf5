// Draws each [data-chart] from its own table with uPlot; cursors of all charts move together.
/* global uPlot */
const HEIGHT_PX = 168;
const COLOURS = 6;
const DASHES = [[], [6, 4], [2, 3]];
const SIZES = ["B", "KB", "MB", "GB", "TB"];
// Bytes are written in steps of 1024: marks lie at powers of two.
const DOUBLINGS = Array.from({ length: 50 }, (_, n) => 2 ** n);

const WRITTEN = {
  count: (value) => Math.round(value * 100) / 100,
  ms: (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`),
  bytes: (value) => {
    const step = Math.min(SIZES.length - 1, value > 0 ? Math.floor(Math.log2(value) / 10) : 0);
    return `${Math.round((value / 1024 ** step) * 10) / 10} ${SIZES[step]}`;
  },
};

function numbers(figure) {
  const rows = [...figure.querySelectorAll("details tbody tr")];
  const names = [...figure.querySelectorAll("details thead th")].slice(1).map((th) => th.textContent);
  const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
  const columns = names.map((_, n) =>
    rows.map((row) => {
      const { value } = row.cells[n + 1].dataset;
      return value === undefined ? null : Number(value);
    }),
  );
  return { names, data: [times, ...columns] };
}

// light-dark() is resolved only where a colour is used: ask an element that uses it.
function colour(name, within) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  within.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function options(figure, plot, names) {
  const write = WRITTEN[figure.dataset.unit];
  const isStepped = figure.dataset.stepped !== undefined;
  const axis = {
    stroke: colour("fg-subtle", figure),
    grid: { stroke: colour("border-faint", figure), width: 1 },
    ticks: { stroke: colour("border", figure), width: 1 },
    font: "11px Inter, sans-serif",
  };
  return {
    width: plot.clientWidth,
    height: HEIGHT_PX,
    cursor: { sync: { key: "metrics" }, points: { size: 6 } },
    hooks: { setCursor: [(chart) => plot.classList.toggle("idle", chart.cursor.idx == null)] },
    // Times are of UTC, in the table as well.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      { ...axis, size: 30, values: ticks },
      {
        ...axis,
        size: 62,
        incrs: figure.dataset.unit === "bytes" ? DOUBLINGS : undefined,
        values: (_, splits) => splits.map((value) => (value === null ? "" : write(value))),
      },
    ],
    series: [
      { label: "From", value: (_, at) => (at === null ? "–" : said(at)) },
      ...names.map((label, n) => ({
        label,
        stroke: colour(`chart-${(n % COLOURS) + 1}`, figure),
        width: 1.75,
        dash: DASHES[n % DASHES.length],
        paths: isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        // A line shows what has neighbours; what stands alone needs a point.
        points: { show: true, size: 5, fill: colour("surface", figure), filter: (chart, series) => alone(chart.data[series]) },
        value: (_, value) => (value === null ? "–" : write(value)),
      })),
    ],
  };
}

function alone(values) {
  const has = (n) => values[n] !== null && values[n] !== undefined;
  return values.map((_, n) => n).filter((n) => has(n) && !has(n - 1) && !has(n + 1));
}

function said(seconds) {
  return new Date(seconds * 1000).toISOString().slice(5, 16).replace("T", " ");
}

// The day where all ticks are at midnight, else the hour, with the day where it begins.
function ticks(_, splits) {
  return splits.map((at) => {
    const text = new Date(at * 1000).toISOString();
    return text.slice(11, 16) === "00:00" ? text.slice(5, 10) : text.slice(11, 16);
  });
}

function draw(figure) {
  const plot = figure.querySelector(".plot");
  if (!plot) return;
  const { names, data } = numbers(figure);
  figure.chart?.destroy();
  plot.classList.add("idle");
  figure.chart = new uPlot(options(figure, plot, names), data, plot);
}

function drawAll() {
  document.querySelectorAll("[data-chart]").forEach(draw);
}

function resizeAll() {
  document.querySelectorAll("[data-chart]").forEach((figure) => {
    const width = figure.querySelector(".plot")?.clientWidth;
    if (figure.chart && width && width !== figure.chart.width) figure.chart.setSize({ width, height: HEIGHT_PX });
  });
}

drawAll();
addEventListener("resize", resizeAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
