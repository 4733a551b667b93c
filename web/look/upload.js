// Sending files part by part, several at once: how far each is, and on from there when the line breaks, even after
// the page was closed. Without script the form simply posts.

const PART = 1 << 20;
const AT_ONCE = 2;
const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds before a part is tried again

export function uploads(root) {
  for (const form of root.querySelectorAll("form[data-upload]")) {
    if (form.dataset.watched) continue;
    form.dataset.watched = "yes";
    form.addEventListener("submit", (event) => send(form, event));
  }
}

async function send(form, event) {
  if (event.defaultPrevented) return;
  event.preventDefault();
  event.stopPropagation();
  const button = form.querySelector("button:not([type])");
  const input = form.querySelector('input[type="file"]');
  const state = form.querySelector("[data-upload-state]");
  const rows = [...input.files].map((file) => row(form, file));
  form.querySelector("[data-upload-files]").replaceChildren(...rows.map((each) => each.line));
  state.hidden = true;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const waiting = [...rows];
    const hand = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await whole(form, next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
    await finish(form, input, rows);
  } catch (fault) {
    state.hidden = false;
    state.textContent = fault.message || form.dataset.lost;
    button.lastChild.textContent = form.dataset.again;
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

function row(form, file) {
  const line = document.createElement("li");
  const bar = Object.assign(document.createElement("progress"), { max: Math.max(file.size, 1), value: 0 });
  const name = Object.assign(document.createElement("span"), { textContent: file.name });
  const text = Object.assign(document.createElement("span"), { className: "muted" });
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar, text);
  const key = `upload:${form.action}:${file.name}:${file.size}:${file.lastModified}`;
  const show = (received, words) => {
    bar.value = received;
    text.textContent = words ?? form.dataset.sending.replace("{n}", Math.floor((received / bar.max) * 100));
  };
  return { file, line, key, show };
}

// All parts of one file, from wherever an earlier try came to.
async function whole(form, each) {
  let { id, received } = (await begun(form, each)) ?? (await announce(form, each));
  each.id = id;
  each.show(received);
  for (let tries = 0; received < each.file.size; ) {
    try {
      const answer = await ask(form, `/${id}`, {
        method: "PATCH",
        body: each.file.slice(received, received + PART),
        headers: { "Upload-Offset": received, "Content-Type": "application/offset+octet-stream" },
      });
      ({ received } = answer);
      tries = 0;
    } catch (fault) {
      if (fault.refused && fault.status !== 409) throw fault;
      if (tries >= PAUSES.length) throw fault;
      each.show(received, form.dataset.waiting);
      await pause(PAUSES[tries++]);
      const there = await begun(form, each).catch(() => null);
      if (there) ({ received } = there);
    }
    each.show(received);
  }
}

async function begun(form, each) {
  const id = localStorage.getItem(each.key);
  if (!id) return null;
  try {
    return await ask(form, `/${id}`, { method: "GET" });
  } catch (fault) {
    if (fault.status !== 404) throw fault;
    localStorage.removeItem(each.key);
    return null;
  }
}

async function announce(form, each) {
  const body = new URLSearchParams({ name: each.file.name, size: each.file.size });
  const made = await ask(form, "", { method: "POST", body });
  localStorage.setItem(each.key, made.id);
  return made;
}

async function ask(form, place, options) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const headers = { Accept: "application/json", "X-CSRFToken": token, ...options.headers };
  const answer = await fetch(`${form.action}/kiriman${place}`, { ...options, headers, credentials: "same-origin" });
  const json = answer.headers.get("content-type")?.includes("json");
  const said = json ? await answer.json() : {};
  if (answer.ok && json) return said;
  const busy = answer.status >= 500;
  const words = said.errors?.[0]?.message ?? said.reasons?.[0]?.message ?? said.detail ?? "";
  throw Object.assign(new Error(busy ? "" : words), { status: answer.status, refused: !busy });
}

// Resolves after a while, or as soon as the line is back.
function pause(seconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done);
  });
}

async function finish(form, input, rows) {
  const data = new FormData(form);
  data.delete(input.name);
  for (const { id } of rows) data.append("upload", id);
  const headers = { "X-Upload": "1" }; // the answer says where to go, so that its message waits there
  const answer = await fetch(form.action, { method: "POST", body: data, headers, credentials: "same-origin" });
  if (answer.ok) {
    for (const { key } of rows) localStorage.removeItem(key);
    go((await answer.json()).location);
  } else if (answer.status >= 500) throw new Error("");
  else show(form, answer.status, await answer.text());
}

function go(place) {
  const here = location.pathname + location.search;
  location.assign(place);
  if (place.split("#")[0] === here) location.reload();
}

// What the server refused comes back as a page: its form, with the messages, takes the place of ours.
function show(form, status, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const answer = page.querySelector("form[data-upload]");
  if (answer && status !== 413) {
    form.replaceWith(document.adoptNode(answer));
    uploads(document);
    (document.querySelector("[data-focus]") ?? answer).focus?.();
  } else {
    const main = page.querySelector("main");
    if (main) document.querySelector("main").replaceWith(document.adoptNode(main));
    uploads(document);
  }
}
