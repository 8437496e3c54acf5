// The states of single forms, as Alpine components: it must load before Alpine starts.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;

  Alpine.data("passwordRules", () => ({
    password: "",
    email: "",
    get isLongEnough() {
      return [...this.password].length >= Number(this.$root.dataset.minLength);
    },
    get isOwn() {
      const name = (this.email || this.$root.dataset.email || "").split("@")[0].toLowerCase();
      return this.password !== "" && (name.length < 3 || !this.password.toLowerCase().includes(name));
    },
    get longEnoughClass() {
      return this.isLongEnough ? "met" : "";
    },
    get ownClass() {
      return this.isOwn ? "met" : "";
    },
  }));

  Alpine.data("keyPermissions", () => ({
    preset: "",
    control: "",
    data: "",
    init() {
      const chosen = (name) => this.$root.querySelector(`[name=${name}]:checked`)?.value ?? "";
      const read = () => {
        this.preset = chosen("preset");
        this.control = chosen("control_plane");
        this.data = chosen("data_plane");
      };
      this.$root.addEventListener("change", read);
      read();
    },
    get isCustom() {
      return this.preset === "custom";
    },
    get roles() {
      const names = JSON.parse(this.$root.dataset.roles);
      if (!this.isCustom) return names[this.preset] ?? "";
      const held = [names[`control_plane:${this.control}`], names[`data_plane:${this.data}`]];
      return held.filter(Boolean).join(", ") || "no role: choose at least one";
    },
  }));

  Alpine.data("modelPreset", () => ({
    apply() {
      const option = this.$refs.model.selectedOptions[0];
      if (!option.value) return;
      this.$refs.dimension.value = option.value;
      this.$refs.dimension.dispatchEvent(new Event("input", { bubbles: true }));
      const metric = this.$root.querySelector(`[name=metric][value=${option.dataset.metric}]`);
      metric.checked = true;
      metric.dispatchEvent(new Event("change", { bubbles: true }));
    },
  }));

  // Says while somebody types whether the text is a JSON object; the server checks it again.
  Alpine.data("jsonText", () => ({
    problem: "",
    init() {
      this.area.addEventListener("input", () => this.check());
    },
    get area() {
      return this.$root.querySelector("textarea");
    },
    check() {
      this.problem = "";
      const text = this.area.value.trim();
      if (!text) return;
      try {
        const found = JSON.parse(text);
        if (!found || typeof found !== "object" || Array.isArray(found)) this.problem = "This must be a JSON object: { … }.";
      } catch (error) {
        this.problem = `Not JSON yet: ${error.message}.`;
      }
    },
    addField() {
      let filter = {};
      try {
        filter = JSON.parse(this.area.value || "{}");
      } catch {
        return this.check();
      }
      const name = this.$el.dataset.field;
      filter[name] = filter[name] ?? { $eq: "" };
      this.area.value = JSON.stringify(filter);
      const at = this.area.value.lastIndexOf('""') + 1;
      this.area.focus();
      this.area.setSelectionRange(at, at);
      this.check();
    },
  }));

  Alpine.data("queryText", () => ({
    fillRandom() {
      const area = this.$root.querySelector("[name=vector]");
      const draw = () => (Math.random() * 2 - 1).toFixed(4);
      area.value = Array.from({ length: Number(area.dataset.dimension) }, draw).join(", ");
    },
  }));
});
