// A passkey is made or used as soon as its page is there; what the browser says then goes to the server as a form.

export function passkeys(root) {
  const form = root.querySelector("[data-passkey]");
  if (!form) return;
  form.querySelector("[data-passkey-again]").addEventListener("click", () => run(form));
  run(form);
}

async function run(form) {
  const kind = form.dataset.passkey;
  const key = window.PublicKeyCredential;
  const parse = kind === "create" ? key?.parseCreationOptionsFromJSON : key?.parseRequestOptionsFromJSON;
  if (!parse) return say(form, form.dataset.missing);
  if (/^[\d.]+$|:/.test(location.hostname)) return say(form, form.dataset.address);
  say(form, form.querySelector("[data-passkey-wait]").textContent);
  try {
    const publicKey = parse.call(key, JSON.parse(form.dataset.options));
    const made = await navigator.credentials[kind]({ publicKey });
    form.elements.namedItem("credential").value = JSON.stringify(made);
    form.submit();
  } catch (fault) {
    say(form, fault.name === "InvalidStateError" ? form.dataset.known : form.dataset.stopped);
  }
}

function say(form, text) {
  form.querySelector("[data-passkey-state] span").textContent = text;
}
