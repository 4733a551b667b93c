// Sending files: how far it is, and a second try when the line breaks. Without script the form simply posts.

export function uploads(root) {
  for (const form of root.querySelectorAll("form[data-upload]")) {
    if (form.dataset.watched) continue;
    form.dataset.watched = "yes";
    form.addEventListener("submit", (event) => send(form, event));
  }
}

function send(form, event) {
  if (event.defaultPrevented) return;
  event.preventDefault();
  event.stopPropagation();
  const line = form.querySelector("[data-upload-state]");
  const [bar, text] = [line.querySelector("progress"), line.querySelector("span")];
  const button = form.querySelector("button:not([type])");
  const say = (value, words) => {
    line.hidden = false;
    bar.hidden = value === null;
    bar.value = value ?? 0;
    text.textContent = words;
  };
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Upload", "1"); // the answer says where to go, so that its message waits there
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const percent = total ? Math.floor((loaded / total) * 100) : 0;
    say(percent, form.dataset.sending.replace("{n}", percent));
  });
  request.addEventListener("load", () => {
    if (request.status < 400) go(JSON.parse(request.responseText).location);
    else show(form, request);
  });
  request.addEventListener("error", () => {
    button.removeAttribute("aria-busy");
    button.disabled = false;
    say(null, form.dataset.lost);
  });
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  say(0, form.dataset.sending.replace("{n}", 0));
  request.send(new FormData(form));
}

function go(place) {
  const here = location.pathname + location.search;
  location.assign(place);
  if (place.split("#")[0] === here) location.reload();
}

// What the server refused comes back as a page: its form, with the messages, takes the place of ours.
function show(form, request) {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const answer = page.querySelector("form[data-upload]");
  if (answer && request.status !== 413) {
    form.replaceWith(document.adoptNode(answer));
    uploads(document);
    (document.querySelector("[data-focus]") ?? answer).focus?.();
  } else {
    const main = page.querySelector("main");
    if (main) document.querySelector("main").replaceWith(document.adoptNode(main));
    uploads(document);
  }
}
