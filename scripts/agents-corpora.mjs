// Lays out real agents by the thousand: agents-corpora.mjs SOURCES TARGET. In TARGET: bots/*.txt and browsers/*.txt, an
// agent a line, for the measurement of decision 0006. What one source calls a bot and another a browser is in neither.
import fs from "node:fs";
import path from "node:path";

const [sources, target] = process.argv.slice(2);
const read = (file) => fs.readFileSync(path.join(sources, file), "utf8");
const lines = (file) => read(file).split("\n");
const json = (file) => JSON.parse(read(file));

/** Matomo's fixtures, as far as needed: the agent, and what kind of client it is. */
function fixtures(folder, wanted) {
  const unquoted = (text) => (/^(['"]).*\1$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text);
  return fs
    .readdirSync(path.join(sources, folder))
    .filter((file) => file.endsWith(".yml") && (file === "bots.yml") === (wanted === "bot") && !file.startsWith("clienthints"))
    .flatMap((file) => read(path.join(folder, file)).split(/^-\s*(?=\n|user_agent)/m))
    .filter((item) => wanted === "bot" || /^ +client:\n +type: (.*)/m.exec(item)?.[1] === wanted)
    .map((item) => unquoted(/^ *user_agent: (.*)/m.exec(item)?.[1].trim() ?? ""));
}

const matomo = "device_detector/device_detector/tests/fixtures/upstream";
const corpora = {
  bots: {
    "crawler-user-agents": json("node_modules/crawler-user-agents/crawler-user-agents.json").flatMap((agent) => agent.instances ?? []),
    crawlerdetect: lines("crawlerdetect/tests/fixtures/user_agent/crawlers.txt"),
    matomo: fixtures(matomo, "bot"),
    "matomo-libraries": fixtures(matomo, "library"),
  },
  browsers: {
    crawlerdetect: lines("crawlerdetect/tests/fixtures/user_agent/devices.txt"),
    matomo: fixtures(matomo, "browser"),
    "matomo-apps": fixtures(matomo, "mobile app"),
    "user-agents": json("node_modules/user-agents/dist/user-agents.json").map((agent) => agent.userAgent),
    "top-user-agents": json("node_modules/top-user-agents/src/index.json"),
  },
};

const all = (kind) => new Set(Object.values(corpora[kind]).flat());
const [bots, browsers] = [all("bots"), all("browsers")];
for (const [kind, lists] of Object.entries(corpora)) {
  fs.mkdirSync(path.join(target, kind), { recursive: true });
  for (const [name, list] of Object.entries(lists)) {
    const kept = [...new Set(list)].filter((agent) => agent.trim() !== "" && !(bots.has(agent) && browsers.has(agent)));
    fs.writeFileSync(path.join(target, kind, `${name}.txt`), kept.join("\n") + "\n");
  }
}
