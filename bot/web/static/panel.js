// The panel at the side: the system prompt, and what the model saw in the last turn.

import * as api from "./api.js";

const $ = (id) => document.getElementById(id);
const WIDE = matchMedia("(min-width: 64rem)");

// A control token, a tag of the Hermes formats, or the guard that keeps typed markup plain text.
const MARKS = /(<\|[\w.:\- ]{1,64}\|>)|(<\/?(?:tool_call|tool_response|tools|schema|scratch_pad)>)|(\u200b)/g;

const number = (value) => value.toLocaleString("en-US");

export class Panel {
  constructor() {
    this.saved = "";
    $("toggle").addEventListener("click", () => this.open($("panel").hidden));
    $("close").addEventListener("click", () => this.open(false));
    $("system").addEventListener("input", () => this.compare());
    $("system-save").addEventListener("click", () => this.save($("system").value));
    $("system-clear").addEventListener("click", () => this.save(""));
    $("prompt-copy").addEventListener("click", () => this.copy());
    WIDE.addEventListener("change", () => this.open(WIDE.matches));
    this.open(WIDE.matches);
  }

  open(open) {
    const wasInside = $("panel").contains(document.activeElement);
    $("panel").hidden = !open;
    $("toggle").setAttribute("aria-expanded", String(open));
    // On a narrow screen the panel covers the conversation.
    $("conversation").inert = open && !WIDE.matches;
    if (open && !WIDE.matches) $("close").focus();
    else if (wasInside) $("toggle").focus();
  }

  get covers() {
    return !$("panel").hidden && !WIDE.matches;
  }

  showSystem({ text, own }) {
    // What somebody is typing is not overwritten by what another tab saved.
    if ($("system").value === this.saved) $("system").value = text;
    this.saved = text;
    $("system-origin").textContent = own
      ? "Your own. It holds from the next message on."
      : "The model's default. Change it to give the bot another character.";
    $("system-clear").disabled = !own;
    this.compare();
  }

  compare() {
    const text = $("system").value;
    $("system-save").disabled = text === this.saved || !text.trim();
  }

  async save(text) {
    $("system-save").disabled = $("system-clear").disabled = true;
    const wait = setTimeout(() => this.say("This answer is finished first…"), 400);
    try {
      if (!text) this.saved = $("system").value; // let the default take its place
      await api.setSystem(text);
      this.say(text ? "Saved." : "The default is back.");
    } catch (error) {
      this.say(error.message);
    } finally {
      clearTimeout(wait);
      this.compare();
    }
  }

  say(text) {
    $("system-result").textContent = text;
  }

  async refresh() {
    this.context = await api.context();
    const { model, serves, engine, store, note, prompt } = this.context;
    const answering = serves === null ? `${model} (not reachable yet)` : model;
    $("about").textContent = [answering, engine, store].filter(Boolean).join(" · ");
    $("note").textContent = note;
    $("note").hidden = !note;
    $("context").hidden = prompt === null;
    $("context-empty").hidden = prompt !== null;
    $("meter").textContent = "";
    if (prompt !== null) this.draw(this.context);
  }

  draw({ usage, context, prompt_limit: limit, cut, prompt }) {
    const cached = Math.min(usage.cached ?? 0, usage.prompt);
    const reserve = Math.max(context - limit, 0);
    const free = Math.max(limit - usage.prompt, 0);
    const parts = [
      ["cached", cached, "Prompt, from the engine's cache"],
      ["fresh", usage.prompt - cached, usage.cached === null ? "Prompt" : "Prompt, newly read"],
      ["free", free, "Free for more conversation"],
      ["reserve", reserve, "Kept for the answer"],
    ].filter(([name, tokens]) => tokens > 0 || name === "free");
    $("bar").replaceChildren(...parts.map(([name, tokens]) => segment(name, tokens)));
    $("legend").replaceChildren(...parts.map((part) => entry(...part)));
    $("bar").ariaLabel = parts.map(([, tokens, label]) => `${label}: ${number(tokens)}`).join(", ");
    $("cut").hidden = !cut;
    $("cut").textContent = `${number(cut)} older messages no longer fit; the model does not see them.`;
    $("prompt").replaceChildren(...marked(prompt));
    $("meter").textContent = `${number(usage.prompt)} of ${number(limit)} tokens`;
  }

  async copy() {
    await navigator.clipboard.writeText(this.context.prompt);
    $("prompt-copy").textContent = "Copied";
    setTimeout(() => ($("prompt-copy").textContent = "Copy"), 1500);
  }
}

function segment(name, tokens) {
  const node = document.createElement("span");
  node.className = name;
  node.style.flexGrow = tokens;
  return node;
}

function entry(name, tokens, label) {
  const node = document.createElement("li");
  const swatch = document.createElement("i");
  swatch.className = name;
  const value = document.createElement("b");
  value.textContent = number(tokens);
  node.append(swatch, `${label} `, value);
  return node;
}

// The prompt with every control token visible as one.
function marked(prompt) {
  const nodes = [];
  let at = 0;
  for (const match of prompt.matchAll(MARKS)) {
    const mark = document.createElement(match[3] ? "span" : "mark");
    mark.className = match[1] ? "token" : match[2] ? "tag" : "guard";
    if (match[3]) mark.title = "A zero-width space: it keeps what was typed from being a control token.";
    mark.textContent = match[0];
    nodes.push(prompt.slice(at, match.index), mark);
    at = match.index + match[0].length;
  }
  nodes.push(prompt.slice(at));
  return nodes;
}
