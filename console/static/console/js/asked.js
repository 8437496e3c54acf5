// What was asked in the playground before: kept by this tab for as long as it is open, and sent to
// nobody. Vectors are not kept: only what people typed to find records.
document.addEventListener("alpine:init", () => {
  const KEPT = ["by", "id", "namespace", "top_k", "filter"];
  const MOST = 12;

  window.Alpine.data("askedBefore", () => ({
    questions: [],
    init() {
      this.questions = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
      this.form.addEventListener("submit", () => this.keep());
    },
    get key() {
      return `asked-${this.$root.dataset.index}`;
    },
    get form() {
      return document.querySelector("form.playground");
    },
    get isEmpty() {
      return this.questions.length === 0;
    },
    keep() {
      const given = new FormData(this.form);
      const question = Object.fromEntries(KEPT.map((name) => [name, given.get(name) ?? ""]));
      if (question.by !== "id") return;
      question.words = words(question);
      const others = this.questions.filter((one) => one.words !== question.words);
      this.store([question, ...others].slice(0, MOST));
    },
    askAgain() {
      const wanted = this.questions.find((one) => one.words === this.$el.textContent);
      for (const name of KEPT.slice(1)) {
        const control = this.form.elements[name];
        if (!control) continue;
        control.value = wanted[name];
        control.dispatchEvent(new Event("input", { bubbles: true }));
      }
      this.form.querySelector(`[name=by][value=${wanted.by}]`).click();
      this.form.requestSubmit();
    },
    forget() {
      this.store([]);
    },
    store(questions) {
      this.questions = questions;
      sessionStorage.setItem(this.key, JSON.stringify(questions));
    },
  }));

  function words({ id, namespace, top_k: most, filter }) {
    const parts = [`like ${id}`, `top ${most || 10}`, `in ${namespace}`];
    return [...parts, ...(filter.trim() ? [`where ${filter.trim()}`] : [])].join(" · ");
  }
});
