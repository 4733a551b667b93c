// What a form does at once: counts words, shows what applies, adds rows, groups money, lights the level of a score.

let cloned = 0;

export function forms(root) {
  for (const form of formsIn(root)) {
    if (form.dataset.ready) continue;
    form.dataset.ready = "yes";
    form.addEventListener("input", (event) => refresh(form, event.target));
    form.addEventListener("change", () => conditions(form));
    form.addEventListener("click", (event) => rows(form, event));
    form.addEventListener("formdata", plainMoney);
    for (const box of form.querySelectorAll("[data-money]")) groupMoney(box);
    for (const line of form.querySelectorAll("[data-words]")) countWords(line);
    conditions(form);
  }
}

function formsIn(root) {
  return root.matches?.("form") ? [root] : root.querySelectorAll("form");
}

function refresh(form, box) {
  if (box.matches("[data-money]")) groupMoney(box);
  const line = form.querySelector(`[data-words="${CSS.escape(box.id)}"]`);
  if (line) countWords(line);
  const criterion = box.closest("[data-criterion]");
  if (criterion) score(criterion, box);
}

function countWords(line) {
  const box = document.getElementById(line.dataset.words);
  if (!box || box.value === undefined) return;
  const words = box.value.trim() ? box.value.trim().split(/\s+/u).length : 0;
  const enough = words >= Number(line.dataset.min);
  const text = enough ? line.dataset.enough : line.dataset.text;
  line.textContent = text.replace("{n}", words.toLocaleString("id")).replace("{min}", line.dataset.min);
  line.classList.toggle("is-enough", enough);
}

function score(criterion, from) {
  const number = criterion.querySelector('[type="number"]');
  const range = criterion.querySelector('[type="range"]');
  if (from === range) number.value = range.value;
  else range.value = number.value || 0;
  const value = number.value === "" ? -1 : Number(number.value);
  const reached = [...criterion.querySelectorAll("[data-from]")].filter((level) => Number(level.dataset.from) <= value);
  for (const level of criterion.querySelectorAll("[data-from]")) {
    level.classList.toggle("is-here", level === reached.at(-1));
  }
}

function groupMoney(box) {
  const tail = box.value.length - (box.selectionStart ?? box.value.length);
  const digits = box.value.replace(/,\d{0,2}$/, "").replace(/\D/g, "").replace(/^0+(?=\d)/, "");
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ".");
  if (grouped === box.value) return;
  box.value = grouped;
  if (document.activeElement === box) {
    const place = Math.max(0, grouped.length - tail);
    box.setSelectionRange(place, place);
  }
}

function plainMoney(event) {
  for (const box of event.target.querySelectorAll("[data-money]")) {
    if (event.formData.has(box.name)) event.formData.set(box.name, box.value.replace(/\D/g, ""));
  }
}

// A part that does not apply is hidden and not sent; its text stays in the page until it applies again.
export function conditions(form) {
  for (const part of form.querySelectorAll("[data-when-field]")) {
    const wanted = JSON.parse(part.dataset.whenEquals).map(String);
    const applies = valuesOf(form, part).some((value) => wanted.includes(value));
    part.hidden = !applies;
    for (const box of part.querySelectorAll("input, select, textarea, button")) {
      if (!applies && !box.disabled) {
        box.disabled = true;
        box.dataset.asleep = "yes";
      } else if (applies && box.dataset.asleep && !box.closest("[hidden]")) {
        box.disabled = false;
        delete box.dataset.asleep;
      }
    }
  }
}

// `when.field` is a pointer, or a property beside the field itself.
function valuesOf(form, part) {
  const field = part.dataset.whenField;
  const own = part.querySelector("[name]")?.name ?? "";
  const names = [field, own.replace(/[^/]*$/, field), `/${field}`];
  const boxes = names.map((name) => [...form.elements].filter((box) => box.name === name)).find((found) => found.length) ?? [];
  return boxes.flatMap((box) => {
    if (box.disabled) return [];
    if (box.type === "radio") return box.checked ? [box.value] : [];
    if (box.type === "checkbox") return box.checked ? [box.value] : boxes.length === 1 ? ["false"] : [];
    return [box.value];
  });
}

function rows(form, event) {
  const adding = event.target.closest("[data-add-row]");
  const removing = event.target.closest("[data-remove-row]");
  if (!adding && !removing) return;
  const table = (adding ?? removing).closest("[data-rows]");
  if (!table.querySelector(":scope > template")) return;
  event.preventDefault();
  if (adding) addRow(table).querySelector("input, select, textarea")?.focus();
  else {
    const entry = removing.closest("[data-row-entry]");
    const near = entry.nextElementSibling?.matches("[data-row-entry]") ? entry.nextElementSibling : entry.previousElementSibling;
    entry.remove();
    (near?.querySelector("[data-remove-row]") ?? table.querySelector("[data-add-row]")).focus();
  }
  renumber(table);
  conditions(form);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

export function addRow(table) {
  const template = table.querySelector(":scope > template");
  const entry = template.content.firstElementChild.cloneNode(true);
  const mark = `new${(cloned += 1)}`;
  for (const element of [entry, ...entry.querySelectorAll("*")]) {
    for (const { name, value } of [...element.attributes]) {
      // names keep __i__ until renumber gives the row its place
      if (name === "name" || name === "data-when-field" || element.matches("[data-remove-row]")) continue;
      if (value.includes("__i__")) element.setAttribute(name, value.replaceAll("__i__", mark));
    }
  }
  template.before(entry);
  renumber(table);
  return entry;
}

function renumber(table) {
  const stem = `${table.dataset.rows}/`;
  const entries = table.querySelectorAll(":scope > [data-row-entry]");
  entries.forEach((entry, index) => {
    const place = (text) => {
      const at = text.indexOf(stem);
      if (at < 0) return text.replace("__i__", index);
      return text.slice(0, at + stem.length) + text.slice(at + stem.length).replace(/^(\d+|__i__)/, index);
    };
    for (const element of entry.querySelectorAll("[name]")) element.name = place(element.name);
    for (const element of entry.querySelectorAll("[data-when-field]")) element.dataset.whenField = place(element.dataset.whenField);
    for (const element of entry.querySelectorAll("[data-remove-row]")) element.value = place(element.value);
    for (const element of entry.querySelectorAll("[data-row-number]")) element.textContent = index + 1;
  });
  table.dataset.count = entries.length;
}
