// Requests to the bot. A failure is an Error whose message can be shown as it is.

const GONE = "The bot does not answer. Is it still running?";

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error(GONE);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.error || "Something broke in the bot; its terminal says what.");
  }
  return answer;
}

export const ask = (text) => request("POST", "/api/messages", { text });
export const stop = () => request("POST", "/api/stop");
export const retry = () => request("POST", "/api/retry");
export const reset = () => request("POST", "/api/reset");
export const setSystem = (text) => request("PUT", "/api/system", { text });
export const context = () => request("GET", "/api/context");

const EVENTS = [
  "state",
  "asked",
  "writing",
  "place",
  "tools",
  "text",
  "done",
  "failed",
  "unavailable",
];
const PATIENCE = 2000;

// Follow what happens, and come back after every break. `seen(name, data)` gets each event, the
// whole state first; `lost()` is called when the line breaks.
export function follow(seen, lost) {
  let source = null;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource("/api/events");
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => seen(name, JSON.parse(event.data)));
    }
    source.onerror = () => {
      lost();
      // The browser tries again by itself, unless the answer was no event stream at all.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, PATIENCE);
    };
  }

  // A browser gives one address six lines; tabs that nobody sees leave theirs to the others.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      source.close();
    } else {
      open();
    }
  });
  open();
}
