// The list one came from stays at hand inside a case: its neighbours by link and by j and k, and the way back.
const KEY = "loncatan.results";

export function results(root) {
  const list = root.querySelector("[data-results]");
  if (list) keep({ from: location.pathname + location.search, cases: paths(list) });
  const nav = root.querySelector("[data-neighbours]");
  const found = nav && kept();
  const at = found ? found.cases.indexOf(location.pathname) : -1;
  if (at < 0) return;
  nav.querySelector("[data-count]").textContent = `${at + 1}/${found.cases.length}`;
  lead(nav, "back", found.from);
  lead(nav, "previous", found.cases[at - 1]);
  lead(nav, "next", found.cases[at + 1]);
  nav.hidden = false;
}

/** The neighbour of the case at hand: 1 the next, -1 the one before; null where the page shows none. */
export function neighbour(root, step) {
  return root.querySelector(`[data-neighbours]:not([hidden]) [data-way="${step > 0 ? "next" : "previous"}"]:not([hidden])`);
}

function paths(list) {
  return [...list.querySelectorAll("a.row-link")].map((link) => new URL(link.href).pathname);
}

function lead(nav, way, href) {
  const link = nav.querySelector(`[data-way="${way}"]`);
  link.hidden = !href;
  if (href) link.href = href;
}

function keep(found) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(found));
  } catch {
    // no room, or no storage allowed: then there are no neighbours
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}
