// The page: what the bot says happens, shown; what the person does, sent.

import * as api from "./api.js";
import { inline } from "./markdown.js";
import { Messages } from "./messages.js";
import { Panel } from "./panel.js";

const EXAMPLES = ["Hello!", "Roll 3d6+2", "My name is Marisol.", "What is my name?"];
const LOST = "The line to the bot is broken. Trying again…";

const $ = (id) => document.getElementById(id);
const messages = new Messages($("messages"), $("scroll"), () => attempt(api.retry));
const panel = new Panel();

let busy = false;
let trouble = null;

const events = {
  state(data) {
    messages.show(data.messages, data.writing?.id ?? null, data.writing?.place ?? null);
    panel.showSystem(data.system);
    busy = data.busy;
    trouble = data.trouble;
    banner("");
    refresh();
  },
  asked({ id, text }) {
    messages.add({ id, role: "user", text, status: "" });
    busy = true;
    trouble = null;
  },
  writing({ id, again }) {
    messages.begin(id, again);
    busy = true;
    trouble = null;
  },
  place(data) {
    messages.move(data);
  },
  text(data) {
    messages.grow(data);
  },
  tools(data) {
    messages.tools(data);
  },
  done(data) {
    messages.end(data);
    busy = messages.last?.role === "user";
    $("announcer").textContent = data.text;
    refresh();
  },
  failed(data) {
    if (messages.writing) messages.end({ ...messages.find(messages.writing), status: "interrupted" });
    busy = false;
    trouble = data;
  },
  unavailable({ text }) {
    banner(text);
  },
};

api.follow(
  (name, data) => {
    events[name](data);
    if (name !== "text") show();
  },
  () => banner($("banner").textContent || LOST),
);

function show() {
  messages.settle(busy);
  $("empty").hidden = messages.all.length > 0;
  $("stop").hidden = !messages.writing;
  $("reset").disabled = messages.all.length === 0;
  const unanswered = !busy && messages.last?.role === "user";
  showTrouble(trouble ?? (unanswered ? { text: "This has no answer yet.", retry: true } : null));
}

function showTrouble(told) {
  $("trouble").replaceChildren();
  $("messages").classList.toggle("troubled", Boolean(told));
  if (!told) return;
  const words = document.createElement("p");
  words.append(...inline(told.text));
  $("trouble").append(words);
  if (told.retry) {
    const again = document.createElement("button");
    again.type = "button";
    again.className = "strong";
    again.textContent = "Retry";
    again.addEventListener("click", () => attempt(api.retry));
    $("trouble").append(again);
  }
  messages.scroll();
}

function banner(text) {
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

// Do something at the bot; what goes wrong is shown on top. Returns whether it worked.
async function attempt(action, ...words) {
  try {
    await action(...words);
    banner("");
    return true;
  } catch (error) {
    banner(error.message);
    return false;
  }
}

const refresh = () => attempt(() => panel.refresh());

const box = $("text");

function fitBox() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  $("send").disabled = !box.value.trim();
}

async function send(text) {
  if (!text.trim()) return;
  $("send").disabled = true;
  if ((await attempt(api.ask, text)) && box.value === text) box.value = "";
  fitBox();
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send(box.value);
});
box.addEventListener("input", fitBox);
box.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it. Safari says so by its number only.
  const composes = event.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || composes) return;
  event.preventDefault();
  if (!$("send").disabled) send(box.value);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || $("confirm").open) return;
  if (panel.covers) panel.open(false);
  else if (messages.writing) attempt(api.stop);
});

$("stop").addEventListener("click", () => {
  attempt(api.stop);
  box.focus();
});
$("reset").addEventListener("click", () => $("confirm").showModal());
$("confirm-no").addEventListener("click", () => $("confirm").close());
$("confirm-yes").addEventListener("click", async () => {
  $("confirm").close();
  await attempt(api.reset);
  box.focus();
});

for (const text of EXAMPLES) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = text;
  button.addEventListener("click", () => {
    send(text);
    box.focus();
  });
  item.append(button);
  $("examples").append(item);
}
// On a phone, focus would open the keyboard over the page before anybody has seen it.
if (!matchMedia("(pointer: coarse)").matches) box.focus();
