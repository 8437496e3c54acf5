// Passkeys: between a form's options and its hidden answer stands the browser's own ceremony.
const FAILED = "The passkey was not used. Try again, or choose another way.";
const UNSUPPORTED = "This browser has no passkeys. Choose another way.";

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey;
  const response = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`no options: ${response.status}`);
  return JSON.parse((await response.json()).options).publicKey;
}

async function answer(form) {
  const options = await optionsOf(form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}

function complain(form, words) {
  const line = form.querySelector("[data-passkey-error]");
  line.textContent = words;
  line.hidden = false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    complain(form, UNSUPPORTED);
    return;
  }
  try {
    form.elements.credential.value = await answer(form);
  } catch {
    complain(form, FAILED);
    return;
  }
  form.requestSubmit();
});
