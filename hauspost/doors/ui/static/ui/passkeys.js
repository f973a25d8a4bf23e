// Passkeys: the form asks our server what to ask, the browser asks the person, and the answer goes with the form.
(() => {
  "use strict";
  const json = globalThis.webauthnJSON;
  if (!json?.supported()) return;

  async function answer(form) {
    const asked = await fetch(form.dataset.options, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (asked.status === 204) {
      // The page was open for long: it asks first who sits here.
      location.reload();
      return new Promise(() => {});
    }
    if (!asked.ok) throw new Error("no options");
    const options = await asked.json();
    return form.dataset.passkey === "create" ? json.create(options) : json.get(options);
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-failed]"), button = form.querySelector("button");
    form.hidden = false;
    form.parentElement.querySelector("[data-no-passkey]")?.remove();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      button.disabled = true;
      try {
        form.elements.credential.value = JSON.stringify(await answer(form));
        form.submit();
      } catch {
        // Cancelled, too late, or no key for us: the browser has said why.
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
