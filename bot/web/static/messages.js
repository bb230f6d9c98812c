// The list of messages: what stands in it, and how it grows while the model writes.

import { render } from "./markdown.js";

const STATUS = {
  stopped: "You stopped this answer.",
  interrupted: "This answer broke off.",
};

// `again` is called when a person wants the last answer anew.
export class Messages {
  constructor(list, scroller, again) {
    this.list = list;
    this.scroller = scroller;
    this.again = again;
    this.all = [];
    this.nodes = new Map();
    this.writing = null;
    // Where the answer stands in the line for the model; null: it does not wait.
    this.place = null;
    // Whether the reader is at the end, and so wants to follow the text down.
    this.following = true;
    scroller.addEventListener("scroll", () => (this.following = this.atEnd()));
    new ResizeObserver(() => this.scroll()).observe(scroller);
    this.dots = bubble("assistant", "Hermes");
    this.dots.classList.add("waiting");
    this.dots.querySelector(".body").append(dots());
  }

  get last() {
    return this.all.at(-1);
  }

  show(messages, writing, place = null) {
    this.list.replaceChildren();
    this.nodes.clear();
    this.all = [];
    this.writing = writing;
    this.place = place;
    for (const message of messages) this.add(message);
    this.scroll(true);
  }

  add(message) {
    if (this.nodes.has(message.id)) return;
    const node = bubble(message.role, message.role === "user" ? "You" : "Hermes");
    this.all.push(message);
    this.nodes.set(message.id, node);
    this.list.append(node);
    this.draw(message);
    this.scroll(message.role === "user");
  }

  begin(id, again) {
    if (again && this.last?.role === "assistant") this.remove(this.last);
    this.writing = id;
    this.place = null;
    this.add({ id, role: "assistant", text: "", status: "" });
  }

  move({ id, place }) {
    this.place = place;
    const message = this.find(id);
    if (message) this.draw(message);
  }

  grow({ id, add, text }) {
    const message = this.find(id);
    if (!message) return;
    message.text = text ?? message.text + add;
    // At most once per frame, however fast the model writes.
    message.frame ??= requestAnimationFrame(() => {
      message.frame = undefined;
      this.draw(message);
      this.scroll();
    });
  }

  // What the model's tools did, or do, for an answer.
  tools({ id, tools }) {
    const message = this.find(id);
    if (!message) return;
    message.tools = tools;
    this.draw(message);
    this.scroll();
  }

  end({ id, text, status, notices, tools }) {
    this.writing = null;
    this.place = null;
    const message = this.find(id);
    if (!message) return;
    Object.assign(message, { text, status, notices, tools });
    this.draw(message);
    this.scroll();
  }

  // Put what depends on the whole list where it belongs: the dots, and "Try again".
  settle(busy) {
    this.dots.remove();
    for (const node of this.nodes.values()) node.querySelector(".again")?.remove();
    if (this.writing) return;
    if (busy) this.list.append(this.dots);
    else if (this.last?.role === "assistant") {
      const actions = this.nodes.get(this.last.id).querySelector(".actions");
      actions.append(button("Try again", "again", this.again));
    }
    this.scroll();
  }

  find(id) {
    return this.all.find((message) => message.id === id);
  }

  remove(message) {
    this.all = this.all.filter((other) => other !== message);
    this.nodes.get(message.id).remove();
    this.nodes.delete(message.id);
  }

  draw(message) {
    const node = this.nodes.get(message.id);
    const isWriting = message.id === this.writing;
    const body = node.querySelector(".body");
    if (message.role === "user") body.textContent = message.text;
    else if (message.text) body.replaceChildren(render(message.text));
    else body.replaceChildren(isWriting ? waiting(this.place) : silence(message));
    showTools(node.querySelector(".tools"), message.tools ?? []);
    node.classList.toggle("writing", isWriting && Boolean(message.text));
    node.setAttribute("aria-busy", String(isWriting));
    const remarks = [STATUS[message.status], ...(message.notices ?? [])];
    node.querySelector(".remark").textContent = remarks.filter(Boolean).join(" ");
    const actions = node.querySelector(".actions");
    if (message.role === "assistant" && message.text && !isWriting && !actions.hasChildNodes()) {
      actions.append(button("Copy", "copy", () => navigator.clipboard.writeText(message.text)));
    }
  }

  // Go to the end, unless the reader has scrolled up to read.
  scroll(always = false) {
    this.following ||= always;
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  atEnd() {
    const view = this.scroller;
    return view.scrollHeight - view.scrollTop - view.clientHeight < 48;
  }
}

function bubble(role, who) {
  const node = document.createElement("li");
  node.className = `message ${role}`;
  for (const [tag, name, text] of [
    ["p", "who", who],
    ["ul", "tools", ""],
    ["div", "body", ""],
    ["p", "remark", ""],
    ["div", "actions", ""],
  ]) {
    const part = document.createElement(tag);
    part.className = name;
    part.textContent = text;
    part.dir = name === "body" ? "auto" : "";
    node.append(part);
  }
  return node;
}

// One line for each call, which opens to what was asked and what came back. What a reader has
// opened stays open while more arrives.
function showTools(list, tools) {
  tools.forEach((tool, index) => {
    const item = list.children[index] ?? list.appendChild(toolItem());
    item.className = tool.running ? "running" : tool.failed ? "failed" : "";
    item.querySelector("summary").textContent = tool.line;
    item.querySelector("pre").textContent = tool.running ? "…" : toolText(tool);
  });
  while (list.children.length > tools.length) list.lastChild.remove();
}

function toolItem() {
  const item = document.createElement("li");
  const details = document.createElement("details");
  details.append(document.createElement("summary"), document.createElement("pre"));
  item.append(details);
  return item;
}

function toolText({ name, arguments: given, content, seconds, failed }) {
  const came = JSON.stringify(content, null, 2);
  const called = `${name}(${JSON.stringify(given, null, 2)})`;
  return `${called}\n\n${failed ? "failed" : "came back"} after ${seconds.toFixed(2)} s:\n${came}`;
}

// What stands where an answer will be: the dots, or its place in the line.
function waiting(place) {
  if (place === null) return dots();
  const node = document.createElement("em");
  node.className = "place";
  const others = place === 2 ? "one other answer comes" : `${place - 1} other answers come`;
  node.textContent = place === 1 ? "You are next in line." : `You are in line: ${others} first.`;
  return node;
}

function dots() {
  const node = document.createElement("span");
  node.className = "dots";
  node.role = "img";
  node.ariaLabel = "Hermes is writing";
  node.append(...[1, 2, 3].map(() => document.createElement("i")));
  return node;
}

function silence(message) {
  const node = document.createElement("em");
  node.className = "silence";
  node.textContent = message.status === "" ? "The model said nothing." : "No text had come yet.";
  return node;
}

function button(label, name, clicked) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = `quiet small ${name}`;
  node.textContent = label;
  node.addEventListener("click", clicked);
  return node;
}
