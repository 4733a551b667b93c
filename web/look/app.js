// Everything here is a courtesy: each page works without it.
import htmx from "htmx.org";
import { autosave } from "./autosave.js";
import { forms } from "./forms.js";
import { keys } from "./keys.js";
import { passkeys } from "./passkeys.js";
import { picks, search } from "./search.js";
import { results } from "./results.js";
import { uploads } from "./upload.js";
import { frame } from "./frame.js";

window.htmx = htmx;

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.headers["X-CSRFToken"] = token;
});

frame(document);
keys(document);
forms(document);
uploads(document);
autosave(document);
passkeys(document);
search(document);
picks(document);
results(document);
document.addEventListener("htmx:load", (event) => {
  forms(event.detail.elt);
  uploads(event.detail.elt);
  autosave(event.detail.elt);
});
