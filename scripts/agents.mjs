// Writes engine/src/clicks/bots.txt, the names by which machines are told, from three public lists that package.json
// pins. Run by `make agents`, after their versions were raised; what changed is then seen in the diff.
//
// Most of the lists' patterns are plain words. Those become words, of which one that contains another is left out;
// the rest stay regular expressions, of the kind that needs no looking around.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { list as isbot } from "isbot";

const require = createRequire(import.meta.url);
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const agents = JSON.parse(readFileSync("node_modules/crawler-user-agents/crawler-user-agents.json", "utf8"));
const { Crawlers } = require("es6-crawler-detect/dist/lib/crawler/crawlers.js");

const lists = {
  isbot,
  "crawler-user-agents": agents.map((agent) => agent.pattern),
  "es6-crawler-detect": new Crawlers().getAll(),
};

// What flags people: shapes that phones and apps have too, and names that phones, browsers or their parts bear too.
// `make agents` names the words that flag browsers of the corpora. Decision 0006 has the figures.
const LEFT_OUT = new Set([
  // Shapes. What does not look like a browser is judged by agent.rs.
  String.raw`^[\w \.\-\(?:\):%]+(?:/v?\d+(?:\.\d+)?(?:\.\d{1,10})*?)?(?:,|$)`,
  String.raw`^[\w\-]+/[\w]+$`,
  String.raw`^\w+/[\w\(\)]*$`,
  String.raw`^\w+/\d\.\d\s\([\w@]+\)$`,
  String.raw`^[^ ]{50,}$`,
  String.raw`^\d+\b`,
  String.raw`^[<\(;]`,
  String.raw`;\s\w+;$`,
  String.raw`\b\w+/1\.0;`,
  String.raw`\|`,
  String.raw`\(\)`,
  // Browsers, their parts and add-ons.
  "chromeframe", "firephp", "powermarks", "sogou", "Sogou", "torrent", "optimize", "proxy", "url", "library", "^snapchat",
  "^ddg[_-]android", "^yahoo", "voyager\\/", "tools", "advisor", "QQDownload", "Viber", "Blackboard", "NING\\/", "Fluid",
  "Code\\/1\\.", "Podimo", "server", "github\\.com", "^active", "splash", "browsex", "offbyone", "radar", "download", "catch",
  // Phones and what they run.
  "AP3A\\.240617\\.008", "OPPO A33", "008\\/", "Butterfly", "Fever", "Sonic", "Expanse", "Demon", "Buddy", "Pump",
]);

// The same without looking around, which the matcher cannot.
const REWRITTEN = {
  "(?:^|[^g])news(?!sapphire)": "(?:^|[^g])news(?:$|[^s])",
  "(?<! channel/|google/)google(?!(?:wv|app|/google| pixel))": "google-",
  "(?<! cu)bots?(?:\\b|_)": "bots?(?:\\b|_)",
  "(?<!cam)scan": "(?:^|[^m])scan",
  // Old phones list "HTTP" and "HTTPS" among what they can.
  "(?<!lib)http": "(?:^|[^b])http(?:$|s?[^s) ])",
  "java(?!;)": "^java",
  "Yandex(?!Search)": " yandex\\.",
  "^mozilla/\\d\\.\\d\\s\\((?:compatible;)?(?:\\s?[\\w\\d-.]+[\\s/]\\d+\\.\\d+)?\\)$":
    "^mozilla/\\d\\.\\d\\s\\((?:compatible;)?(?:\\s?[\\w.-]+[\\s/]\\d+\\.\\d+)?\\)$",
  "centuryb.o.t9[at]gmail.com": "centuryb.o.t9",
};

/** The text a pattern is, in lower case; undefined where it is more than a text. */
function plain(pattern) {
  let text = "";
  for (let at = 0; at < pattern.length; at++) {
    const pair = /^\[([A-Za-z])([A-Za-z])\]/.exec(pattern.slice(at));
    if (pair && pair[1].toLowerCase() === pair[2].toLowerCase()) {
      text += pair[1];
      at += 3;
    } else if (pattern[at] === "\\" && /[^a-zA-Z0-9]/.test(pattern[at + 1] ?? "a")) {
      text += pattern[++at];
    } else if ("\\?*+.$|(){}[^".includes(pattern[at])) {
      return undefined;
    } else {
      text += pattern[at];
    }
  }
  return text.toLowerCase();
}

const words = new Set();
const starts = new Set();
const shapes = new Set();
for (const given of Object.values(lists).flat()) {
  if (LEFT_OUT.has(given)) continue;
  const pattern = given in REWRITTEN ? REWRITTEN[given] : given;
  const either = /^\[a-z0-9\\-_\]\*\(([a-z|]+)\)$/.exec(pattern);
  for (const part of either ? either[1].split("|").filter((word) => word !== "bot") : [pattern]) {
    const start = part.startsWith("^");
    const text = plain(start ? part.slice(1) : part);
    if (text === undefined) shapes.add(part.replaceAll("\\/", "/"));
    // Three letters stand in many a name by chance.
    else if (!start && /^[a-z0-9]{1,3}$/.test(text)) shapes.add(`\\b${text}\\b`);
    else (start ? starts : words).add(text);
  }
}

const isNamedBot = (word) => /bots?(?:[^a-z]|$)/.test(word);
const kept = [];
for (const word of [...words].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
  if (!isNamedBot(word) && !kept.some((shorter) => word.includes(shorter))) kept.push(word);
}
const keptStarts = [...starts].filter((start) => !isNamedBot(start) && !kept.some((word) => start.includes(word)));

const lines = [
  "# By what machines are told in a User-Agent, without regard to case. Written by scripts/agents.mjs; not by hand.",
  `# From the npm packages isbot ${version("isbot")} (Unlicense), crawler-user-agents ${version("crawler-user-agents")} (MIT)`,
  `# and es6-crawler-detect ${version("es6-crawler-detect")} (MIT).`,
  "# \"=\": stands anywhere. \"^\": stands at the start. \"~\": a regular expression.",
  ...kept.sort().map((word) => `=${word}`),
  ...keptStarts.sort().map((start) => `^${start}`),
  ...[...shapes].sort().map((shape) => `~${shape}`),
];
writeFileSync("engine/src/clicks/bots.txt", lines.join("\n") + "\n");
console.log(`engine/src/clicks/bots.txt: ${kept.length} words, ${keptStarts.length} starts, ${shapes.size} expressions`);
