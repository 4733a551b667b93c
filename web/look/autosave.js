// A form that saves itself. Until the server has confirmed, a copy stays in this browser, under the account that wrote it.
import { addRow, conditions } from "./forms.js";

const QUIET = 2000;
const AGAIN = 15000;
const PATIENCE = 5000;

export function autosave(root) {
  for (const line of root.querySelectorAll("[data-autosave]")) {
    const form = line.closest("form");
    if (form && !line.dataset.ready) new Draft(form, line);
  }
}

class Draft {
  constructor(form, line) {
    this.form = form;
    this.line = line;
    this.url = line.dataset.autosave;
    line.dataset.ready = "yes";
    this.account = document.querySelector('meta[name="account"]')?.content ?? "";
    this.key = `loncatan:${this.account}:${this.url}`;
    this.saved = this.written();
    this.offer();
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("focusout", () => this.save());
    form.addEventListener("submit", (event) => event.defaultPrevented || this.wait(event) || this.leave());
    window.addEventListener("pagehide", () => this.sent || this.save(true));
    window.addEventListener("online", () => this.save());
    window.addEventListener("focus", () => this.resume());
    document.addEventListener("visibilitychange", () => document.hidden || this.resume());
  }

  pairs() {
    return [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && name.startsWith("/"));
  }

  written() {
    return JSON.stringify(this.pairs());
  }

  changed() {
    if (this.written() === this.saved) return;
    this.keep();
    if (this.away()) return;
    if (this.state !== "offline") this.say("dirty");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), QUIET);
  }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), pairs: this.pairs() }));
    } catch {
      // a full or forbidden store: the server's copy is the one that counts
    }
  }

  // A save that is on its way changes the version this form must name: let it arrive first, but not for ever.
  wait(event) {
    if (!this.busy || this.waited) return false;
    event.preventDefault();
    const arrived = () => {
      if (this.waited) return;
      this.waited = true;
      this.form.requestSubmit(event.submitter);
    };
    this.running.then(arrived, arrived);
    setTimeout(arrived, PATIENCE);
    return true;
  }

  // The form itself is on its way: its copy goes only when a page of ours comes back without it.
  leave() {
    this.sent = true;
    this.waited = false;
    clearTimeout(this.timer);
    if (this.written() !== this.saved) this.keep();
    setTimeout(() => (this.sent = false), AGAIN);
  }

  save(leaving = false) {
    const now = this.written();
    if (now === this.saved || ["conflict", "released"].includes(this.state) || this.away() || (this.busy && !leaving)) return;
    clearTimeout(this.timer);
    this.busy = true;
    if (!leaving) this.say("saving");
    this.running = this.send(now, leaving);
  }

  async send(now, leaving) {
    try {
      const body = new URLSearchParams([...new FormData(this.form)].filter(([, value]) => typeof value === "string"));
      const answer = await fetch(this.url, {
        method: "POST",
        body,
        credentials: "same-origin",
        keepalive: leaving && body.toString().length < 60000,
        headers: { Accept: "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "" },
      });
      await this.hear(answer, now);
    } catch {
      this.say("offline");
      this.timer = setTimeout(() => this.save(), AGAIN);
    } finally {
      this.busy = false;
    }
  }

  async hear(answer, sent) {
    const json = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if ([401, 403].includes(answer.status) || answer.redirected) return this.ended();
    if (answer.status === 409) return this.say("conflict", json.href && [json.href, this.line.dataset.compare]);
    if (answer.status === 410) {
      this.saved = sent;
      localStorage.removeItem(this.key);
      return this.say("released", [json.href, this.line.dataset.more], json.saved_text);
    }
    if (!answer.ok) return this.say("failed");
    this.saved = sent;
    this.renewed = false;
    const version = this.form.elements.namedItem("version");
    if (version && json.version !== undefined) version.value = json.version;
    if (this.written() === sent) {
      localStorage.removeItem(this.key);
      this.say("saved", null, json.saved_text);
    } else this.changed();
  }

  // A token that went stale heals unseen; a session that is gone needs its owner, in a tab beside this form.
  async ended() {
    this.keep();
    const found = this.renewed ? "refused" : await this.renew();
    if (found === "mine") this.timer = setTimeout(() => this.save(), 0);
    else if (found === "refused") this.say("failed");
    else this.say(found, this.signIn());
  }

  // Nobody is there to save for; the link to sign in stays under the finger that reaches for it.
  away() {
    return ["ended", "stranger"].includes(this.state);
  }

  async resume() {
    if (!this.away()) return;
    const found = await this.renew().catch(() => this.state);
    if (!this.away()) return;
    if (found !== "mine") return this.say(found, this.signIn());
    this.say("dirty");
    this.save();
  }

  signIn() {
    return [`/masuk?next=${encodeURIComponent("/akun/sesi")}`, this.line.dataset.signIn];
  }

  // Whose session this browser has now; if it is that of who wrote this, take over its token.
  async renew() {
    const answer = await fetch("/akun/sesi", { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return "ended";
    const { account, csrf_token: token } = await answer.json();
    if (account !== this.account) return "stranger";
    document.querySelector('meta[name="csrf-token"]').content = token;
    for (const box of document.querySelectorAll('input[name="csrf_token"]')) box.value = token;
    this.renewed = true;
    return "mine";
  }

  say(state, link = null, text = null) {
    this.state = state;
    this.line.dataset.state = state;
    const place = this.line.querySelector("[data-autosave-text]");
    place.textContent = text ?? this.line.dataset[state].replace("{time}", clock(Date.now()));
    if (link) {
      const [href, label] = link;
      const beside = this.away() ? { target: "_blank", rel: "noopener" } : {};
      place.append(" ", Object.assign(document.createElement("a"), { href, textContent: label, ...beside }));
    }
  }

  offer() {
    let copy;
    try {
      copy = JSON.parse(localStorage.getItem(this.key));
    } catch {
      return;
    }
    if (!copy) return;
    if (JSON.stringify(copy.pairs) === this.saved) {
      localStorage.removeItem(this.key);
      return;
    }
    const bar = Object.assign(document.createElement("div"), { className: "restore" });
    bar.setAttribute("role", "status");
    const text = Object.assign(document.createElement("span"), { textContent: this.line.dataset.found.replace("{time}", clock(copy.at)) });
    const button = (label, kind, act) => {
      const made = Object.assign(document.createElement("button"), { type: "button", className: kind, textContent: label });
      made.addEventListener("click", () => {
        act();
        bar.remove();
      });
      return made;
    };
    bar.append(
      text,
      button(this.line.dataset.restore, "btn btn-primary", () => this.restore(copy.pairs)),
      button(this.line.dataset.drop, "btn", () => localStorage.removeItem(this.key)),
    );
    this.form.prepend(bar);
  }

  restore(pairs) {
    for (const table of this.form.querySelectorAll("[data-rows]")) {
      const stem = `${table.dataset.rows}/`;
      const indexes = pairs.filter(([name]) => name.startsWith(stem)).map(([name]) => Number(name.slice(stem.length).split("/")[0]));
      while (table.querySelector(":scope > template") && Number(table.dataset.count) <= Math.max(-1, ...indexes)) addRow(table);
    }
    const values = new Map();
    for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
    for (const box of this.form.elements) {
      if (!box.name?.startsWith("/")) continue;
      const wanted = values.get(box.name) ?? [];
      if (box.type === "checkbox" || box.type === "radio") box.checked = wanted.includes(box.value);
      else if (wanted.length) box.value = wanted[0];
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    conditions(this.form);
    this.save();
  }
}

function clock(at) {
  return new Date(at).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" }).replace(":", ".");
}
