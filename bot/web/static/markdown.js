// A small Markdown renderer. It builds nodes and sets their text, so nothing that a model or a
// person writes can become markup: there is no HTML string anywhere.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.+?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(?=\S)/;
const DEEPEST = 6;

// Beyond this, looking for pairs of marks costs more than it gives.
const LONGEST_STYLED = 10_000;

const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[\\*_~\x60\[\]()#>.+-])`,
    String.raw`(?<tick>\x60+)(?<code>[^]*?[^\x60])\k<tick>(?!\x60)`,
    String.raw`\*\*(?<strong>[^\s*](?:[^]*?\S)?)\*\*`,
    String.raw`(?<!\w)__(?<strong2>[^\s_](?:[^]*?\S)?)__(?!\w)`,
    String.raw`~~(?<del>[^\s~](?:[^]*?\S)?)~~`,
    String.raw`\*(?<em>[^\s*](?:[^*]*[^\s*])?)\*`,
    String.raw`(?<!\w)_(?<em2>[^\s_](?:[^_]*[^\s_])?)_(?!\w)`,
    String.raw`\[(?<label>[^\]\n]{1,300})\]\((?<href>https?:\/\/(?:[^\s()]|\([^\s()]*\)){1,2000})\)`,
    String.raw`(?<url>https?:\/\/[^\s<>"'\x60)\]]{1,2000}[^\s<>"'\x60)\].,:;!?])`,
  ].join("|"),
  "g",
);

export function render(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text.split("\n"), 0));
  return fragment;
}

function element(tag, ...children) {
  const node = document.createElement(tag);
  node.append(...children);
  return node;
}

function blocks(lines, depth) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

// The block that begins at a line, and the line behind it.
function block(lines, at, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = line.match(FENCE);
  if (fence) return codeBlock(lines, at, fence);
  const heading = line.match(HEADING);
  if (heading) {
    const tag = `h${Math.min(heading[1].length + 2, 6)}`;
    return [element(tag, ...inline(heading[2])), at + 1];
  }
  if (RULE.test(line)) return [element("hr"), at + 1];
  if (depth < DEEPEST && QUOTE.test(line)) return quote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, depth);
  return paragraph(lines, at, depth);
}

function codeBlock(lines, at, [, marks, language]) {
  let end = at + 1;
  const closing = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}\\s*$`);
  while (end < lines.length && !closing.test(lines[end])) end += 1;
  const code = element("code", lines.slice(at + 1, end).join("\n"));
  const pre = element("pre", code);
  if (language) pre.dataset.language = language;
  pre.tabIndex = 0; // so that the keyboard can scroll it
  return [pre, end + 1];
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [element("blockquote", ...blocks(inner, depth + 1)), end];
}

function list(lines, at, depth) {
  const [, indent, marker] = lines[at].match(ITEM);
  const ordered = /\d/.test(marker);
  const node = element(ordered ? "ol" : "ul");
  if (ordered && marker.slice(0, -1) !== "1") node.start = parseInt(marker, 10);
  let end = at;
  while (end < lines.length) {
    const item = lines[end].match(ITEM);
    if (!item || item[1].length !== indent.length || /\d/.test(item[2]) !== ordered) break;
    const first = lines[end].slice(item[0].length);
    const rest = belonging(lines, end + 1, indent.length);
    node.append(element("li", ...tight(blocks([first, ...rest], depth + 1))));
    end += 1 + rest.length;
    // Items may stand apart by one empty line.
    const next = lines[end + 1]?.match(ITEM);
    if (end + 1 < lines.length && !lines[end].trim() && next?.[1].length === indent.length) end += 1;
  }
  return [node, end];
}

// The lines of an item behind its first: everything that is indented further than its marker.
function belonging(lines, from, indent) {
  let end = from;
  const further = (line) => line !== undefined && line.search(/\S/) > indent;
  while (end < lines.length && (further(lines[end]) || (!lines[end].trim() && further(lines[end + 1])))) {
    end += 1;
  }
  const inner = lines.slice(from, end);
  const margin = Math.min(...inner.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return inner.map((line) => line.slice(margin));
}

function tight(nodes) {
  return nodes.flatMap((node, at) => (at === 0 && node.tagName === "P" ? [...node.childNodes] : [node]));
}

function paragraph(lines, at, depth) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines[end], depth)) end += 1;
  return [element("p", ...inline(lines.slice(at, end).join("\n"))), end];
}

function startsBlock(line, depth) {
  const nests = depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
  return nests || FENCE.test(line) || HEADING.test(line) || RULE.test(line);
}

export function inline(text, depth = 0) {
  if (depth > DEEPEST || text.length > LONGEST_STYLED) return plain(text);
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(...plain(text.slice(at, match.index)), styled(match, depth + 1));
    at = match.index + match[0].length;
  }
  nodes.push(...plain(text.slice(at)));
  return nodes;
}

function styled(match, depth) {
  const found = match.groups;
  if (found.escaped) return found.escaped;
  if (found.code) return element("code", found.code);
  if (found.url) return link(found.url, [found.url]);
  if (found.href) return link(found.href, inline(found.label, DEEPEST));
  const tag = found.del ? "del" : (found.strong ?? found.strong2) ? "strong" : "em";
  const inner = found.strong ?? found.strong2 ?? found.del ?? found.em ?? found.em2;
  return element(tag, ...inline(inner, depth));
}

function link(address, children) {
  const node = element("a", ...children);
  node.href = address;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow";
  return node;
}

function plain(text) {
  return text.split("\n").flatMap((line, at) => (at ? [element("br"), line] : [line])).filter(Boolean);
}
