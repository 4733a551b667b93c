// "/" searches, j and k walk a list or from case to case of it, Ctrl+Enter sends the form at hand.
import { neighbour } from "./results.js";

export function keys(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest?.('form[method="post"]');
      if (!form) return;
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-default]") ?? null);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (event.key === "/") {
      const box = root.querySelector("[data-search]");
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      const near = neighbour(root, step);
      if (near) near.click();
      else walk(root, step);
    }
  });
}

function writing(element) {
  return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.closest?.("dialog[open]");
}

function walk(root, step) {
  const links = [...root.querySelectorAll("[data-row] a.row-link, [data-row] .case a, a[data-row]")];
  const here = links.findIndex((link) => link.closest("[data-row]")?.contains(document.activeElement));
  const next = links[here < 0 ? (step > 0 ? 0 : -1) : here + step];
  next?.focus();
  next?.closest("[data-row]").scrollIntoView({ block: "nearest" });
}
