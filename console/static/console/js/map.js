// The map of records: points on a canvas, by mouse, finger and keyboard. It must load before Alpine
// starts. What it draws stands beside it as JSON; colours come from the legend's marks.
document.addEventListener("alpine:init", () => {
  const MARGIN_PX = 18;
  const NEAR_PX = 14;
  const MARK_PX = 9;
  const BOX = 10; // marks are drawn in a box of ten by ten
  const DIRECTIONS = {
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };

  window.Alpine.data("recordMap", () => ({
    chosen: -1,
    init() {
      this.canvas = this.$root.querySelector("canvas");
      const { points, columns, marks } = JSON.parse(this.$root.querySelector("script").textContent);
      // Alpine need not watch thousands of points.
      this.read = () => ({ points, columns, marks });
      this.shapes = () => marks.map((mark) => new Path2D(mark));
      this.hidden = new Set();
      this.listen();
      this.draw();
    },
    destroy() {
      this.watchers.forEach((watcher) => watcher.disconnect());
    },
    listen() {
      const redraw = () => this.draw();
      const size = new ResizeObserver(redraw);
      size.observe(this.canvas);
      const theme = new MutationObserver(redraw);
      theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      this.watchers = [size, theme];
      this.canvas.addEventListener("pointermove", (event) => this.hover(this.nearest(event)));
      this.canvas.addEventListener("click", (event) => {
        this.choose(this.nearest(event));
        this.open();
      });
      this.canvas.addEventListener("keydown", (event) => this.press(event));
    },

    get isChosen() {
      return this.chosen >= 0;
    },
    get isNothingChosen() {
      return this.chosen < 0;
    },
    get chosenId() {
      return this.isChosen ? this.read().points[this.chosen][3] : "";
    },
    get lines() {
      if (!this.isChosen) return [];
      const { points, columns } = this.read();
      const texts = points[this.chosen][4];
      return columns.map((name, n) => ({ name, text: texts[n] })).filter((line) => line.text);
    },

    choose(number) {
      if (number === this.chosen) return;
      this.chosen = number;
      this.draw();
    },
    // What was pointed at stays chosen on the way to its button.
    hover(number) {
      this.canvas.classList.toggle("on-point", number >= 0);
      if (number >= 0) this.choose(number);
    },
    open() {
      if (!this.isChosen) return;
      const url = this.$root.dataset.record + encodeURIComponent(this.chosenId);
      window.htmx.ajax("GET", url, { target: "#dialogs", source: this.canvas });
    },
    toggle() {
      const button = this.$el;
      const group = Number(button.dataset.group);
      const isShown = this.hidden.has(group);
      if (isShown) this.hidden.delete(group);
      else this.hidden.add(group);
      button.setAttribute("aria-pressed", String(isShown));
      if (this.isChosen && !this.isShown(this.read().points[this.chosen])) this.choose(-1);
      this.draw();
    },
    isShown(point) {
      return !this.hidden.has(point[2]);
    },

    // Across and up from -1 to 1, as pixels from the canvas's upper left.
    place([across, up]) {
      const { clientWidth: width, clientHeight: height } = this.canvas;
      const reach = [(width - 2 * MARGIN_PX) / 2, (height - 2 * MARGIN_PX) / 2];
      return [width / 2 + across * reach[0], height / 2 - up * reach[1]];
    },
    nearest(event) {
      const box = this.canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      let [found, least] = [-1, NEAR_PX];
      this.read().points.forEach((point, number) => {
        if (!this.isShown(point)) return;
        const [px, py] = this.place(point);
        const distance = Math.hypot(px - x, py - y);
        if (distance < least) [found, least] = [number, distance];
      });
      return found;
    },

    press(event) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        return this.open();
      }
      const direction = DIRECTIONS[event.key];
      if (!direction) return undefined;
      event.preventDefault();
      return this.choose(this.neighbour(direction));
    },
    // The nearest point that lies more in this direction than beside it; the first step goes to the
    // middle, and at the edge nothing moves.
    neighbour([right, up]) {
      const { points } = this.read();
      const from = this.isChosen ? points[this.chosen] : [0, 0];
      let [found, least] = [this.chosen, Infinity];
      points.forEach((point, number) => {
        if (number === this.chosen || !this.isShown(point)) return;
        const [dx, dy] = [point[0] - from[0], point[1] - from[1]];
        const ahead = dx * right + dy * up;
        const beside = Math.abs(dx * up) + Math.abs(dy * right);
        if (this.isChosen && (ahead <= 0 || beside > ahead)) return;
        const distance = Math.hypot(dx, dy);
        if (distance < least) [found, least] = [number, distance];
      });
      return found;
    },

    draw() {
      const { clientWidth: width, clientHeight: height } = this.canvas;
      if (!width) return;
      const scale = window.devicePixelRatio || 1;
      this.canvas.width = width * scale;
      this.canvas.height = height * scale;
      const pen = this.canvas.getContext("2d");
      pen.scale(scale, scale);
      this.drawAxes(pen, width, height);
      const { points } = this.read();
      const colours = [...this.$root.querySelectorAll(".legend .mark")].map((mark) => getComputedStyle(mark).color);
      const shapes = this.shapes();
      pen.globalAlpha = points.length > 400 ? 0.7 : 0.85;
      for (const point of points) {
        if (this.isShown(point)) this.drawPoint(pen, point, shapes, colours, MARK_PX);
      }
      pen.globalAlpha = 1;
      if (this.isChosen) this.drawChosen(pen, points[this.chosen], shapes, colours);
    },
    drawAxes(pen, width, height) {
      pen.strokeStyle = getComputedStyle(this.canvas).borderTopColor;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(Math.round(width / 2) + 0.5, 0);
      pen.lineTo(Math.round(width / 2) + 0.5, height);
      pen.moveTo(0, Math.round(height / 2) + 0.5);
      pen.lineTo(width, Math.round(height / 2) + 0.5);
      pen.stroke();
    },
    drawPoint(pen, point, shapes, colours, size) {
      const [x, y] = this.place(point);
      pen.save();
      pen.translate(x - size / 2, y - size / 2);
      pen.scale(size / BOX, size / BOX);
      pen.fillStyle = colours[point[2]];
      pen.fill(shapes[point[2]]);
      pen.restore();
    },
    drawChosen(pen, point, shapes, colours) {
      const [x, y] = this.place(point);
      pen.strokeStyle = getComputedStyle(this.canvas).color;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(x, y, MARK_PX, 0, 2 * Math.PI);
      pen.stroke();
      this.drawPoint(pen, point, shapes, colours, MARK_PX * 1.3);
    },
  }));
});
