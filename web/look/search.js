// The box offers while one types: arrows choose, Enter takes, Escape closes. Without a choice Enter searches.

export function search(root) {
  const form = root.querySelector("form[data-suggest]");
  if (!form) return;
  const box = form.querySelector("[data-search]");
  const list = form.querySelector('[role="listbox"]');
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  const options = () => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  const show = (open) => {
    list.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    if (!open) choose(null);
  };
  const choose = (option) => {
    chosen()?.removeAttribute("aria-selected");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
  };
  const take = (option) => {
    if (!option.dataset.fill) return option.click();
    box.value = option.dataset.fill;
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  show(false);
  list.addEventListener("htmx:afterSwap", () => show(document.activeElement === box && list.childElementCount > 0));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-fill]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
  box.addEventListener("blur", () => show(false));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      const found = options();
      const at = found.indexOf(chosen()) + (event.key === "ArrowDown" ? 1 : -1);
      choose(at < 0 ? (event.key === "ArrowUp" && chosen() ? null : found.at(-1)) : (found[at] ?? null));
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      take(chosen());
    }
  });
}

// Ticks in lists: one for all, and how many.
export function picks(root) {
  const ticks = () => [...root.querySelectorAll("[data-pick]")];
  const tell = () => {
    const count = ticks().filter((tick) => tick.checked).length;
    for (const place of root.querySelectorAll("[data-pick-count]")) place.textContent = String(count);
    const all = root.querySelector("[data-pick-all]");
    if (all) {
      all.checked = count > 0 && count === ticks().length;
      all.indeterminate = count > 0 && count < ticks().length;
    }
  };
  root.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-pick-all]")) for (const tick of ticks()) tick.checked = event.target.checked;
    if (event.target.matches?.("[data-pick-all], [data-pick]")) tell();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    const tick = document.activeElement?.closest?.("[data-row]")?.querySelector("[data-pick]");
    if (!tick || /^(TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    tick.checked = !tick.checked;
    tell();
  });
  tell();
}
