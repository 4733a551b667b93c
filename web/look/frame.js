// Menus, colours, messages, questions before an act, and no form sent twice.

const YEAR = 365 * 24 * 3600;
const STUCK = 8000;

export function frame(root) {
  menus(root);
  theme(root);
  asks(root);
  onceOnly(root);
  root.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest("[data-flash]")?.remove();
  });
  root.querySelector("[data-focus]")?.focus();
}

function menus(root) {
  const close = (menu) => menu.removeAttribute("open");
  root.addEventListener("click", (event) => {
    for (const menu of root.querySelectorAll("[data-menu][open]")) {
      if (!menu.contains(event.target)) close(menu);
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("[data-menu][open]");
    if (!menu) return;
    close(menu);
    menu.querySelector("summary").focus();
  });
}

function theme(root) {
  const page = document.documentElement;
  const mark = () => {
    const now = page.dataset.bsTheme ?? "auto";
    for (const button of root.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === now));
    }
  };
  root.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-theme-set]")?.dataset.themeSet;
    if (!wanted) return;
    if (wanted === "auto") delete page.dataset.bsTheme;
    else page.dataset.bsTheme = wanted;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${wanted}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    mark();
  });
  mark();
}

// <form data-confirm="…"> or <button data-confirm="…">: the question first, then the same click again.
function asks(root) {
  const dialog = root.querySelector("[data-ask]");
  if (!dialog?.showModal) return;
  root.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const button = event.submitter;
      const question = button?.dataset.confirm ?? form.dataset.confirm;
      if (!question || form.dataset.confirmed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      dialog.querySelector(".ask-text").textContent = question;
      const yes = dialog.querySelector('[value="yes"]');
      const word = yes.textContent;
      if (button) yes.textContent = button.textContent.trim();
      dialog.returnValue = "no";
      dialog.addEventListener(
        "close",
        () => {
          yes.textContent = word;
          if (dialog.returnValue !== "yes") return;
          form.dataset.confirmed = "yes";
          form.requestSubmit(button);
          delete form.dataset.confirmed;
        },
        { once: true },
      );
      dialog.showModal();
    },
    true,
  );
}

function onceOnly(root) {
  const again = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
  };
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (event.submitter?.formTarget) return; // the answer opens beside the page, which stays
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => again(form), STUCK); // an answer that was a download leaves the page where it is
  });
  root.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) again(form);
  });
  window.addEventListener("pageshow", () => root.querySelectorAll("form[data-sent]").forEach(again));
}
