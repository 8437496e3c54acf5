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
});
