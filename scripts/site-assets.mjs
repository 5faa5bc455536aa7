// Lays out the static site: site-assets.mjs WORK_FOLDER SITE_FOLDER [--dev]
// Bundles get names with a hash of their content under pkg/ (manifest.json tells them to the server),
// public/ goes to the site's root; each file gets a .br and a .gz beside it.
// Whatever else lies in the site folder is from an older build and goes.
// Fails where what every page loads outgrows its budget; see docs/decisions/0017-bytes-over-the-wire.md.
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [work, site, flag] = process.argv.slice(2);
const compressed = flag !== '--dev';
/** What every page loads, in brotli. The charting bundle comes after the page stands, and has a budget of its own. */
const budgets = { page: { of: ['wasm', 'js', 'css'], bytes: 300_000 }, charts: { of: ['charts'], bytes: 180_000 } };
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

const bundles = {
  js: ['tributary', 'js'],
  wasm: ['tributary', 'wasm'],
  css: ['tributary', 'css'],
  charts: ['echarts', 'js'],
};

/** Every file below `folder`, as paths relative to it; none where the folder is missing. */
async function filesBelow(folder) {
  const entries = await fs.readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}

const read = (file) => fs.readFile(file).catch(() => null);

/** Writes a file and its compressed forms; what is already there with this content is left alone. */
async function place(name, content) {
  const target = path.join(site, name);
  const known = await read(target);
  const same = known !== null && known.equals(content);
  if (!same) {
    await fs.mkdir(path.dirname(target), { recursive: true });
    await fs.writeFile(target, content);
  }
  const kept = [name];
  const forms = { '.br': () => brotli(content, brotliOptions(content)), '.gz': () => gzip(content, { level: 9 }) };
  await Promise.all(
    Object.entries(compressed ? forms : {}).map(async ([extension, compress]) => {
      if (!same || !(await read(target + extension))) await fs.writeFile(target + extension, await compress());
      kept.push(name + extension);
    }),
  );
  return kept;
}

function brotliOptions(content) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  return { params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_SIZE_HINT]: content.length } };
}

const manifest = {};
const jobs = [];
for (const [key, [stem, extension]] of Object.entries(bundles)) {
  const content = await fs.readFile(path.join(work, `${stem}.${extension}`));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  manifest[key] = `pkg/${stem}.${hash}.${extension}`;
  jobs.push(place(manifest[key], content));
}
const publicFolder = path.join(root, 'public');
for (const name of await filesBelow(publicFolder)) {
  jobs.push(fs.readFile(path.join(publicFolder, name)).then((content) => place(name, content)));
}
const kept = new Set((await Promise.all(jobs)).flat());

const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
const manifestFile = path.join(site, 'manifest.json');
if (!(await read(manifestFile))?.equals(text)) await fs.writeFile(manifestFile, text);
kept.add('manifest.json');

for (const name of await filesBelow(site)) {
  if (!kept.has(name)) await fs.rm(path.join(site, name));
}

const sizes = {};
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const [key, name] of Object.entries(manifest)) {
  const plain = (await fs.stat(path.join(site, name))).size;
  if (compressed) sizes[key] = (await fs.stat(path.join(site, `${name}.br`))).size;
  const packed = compressed ? `${kilobytes(sizes[key])} brotli, ` : '';
  console.log(`  ${key.padEnd(6)} ${packed}${kilobytes(plain)} plain  ${name}`);
}

for (const [what, { of, bytes }] of Object.entries(compressed ? budgets : {})) {
  const size = of.reduce((sum, key) => sum + sizes[key], 0);
  console.log(`  ${what.padEnd(6)} ${kilobytes(size)} brotli of ${kilobytes(bytes)} (${of.join(', ')})`);
  if (size > bytes) {
    console.error(`error: ${of.join(' + ')} are ${size} bytes in brotli, ${size - bytes} more than the budget of ${bytes}`);
    process.exitCode = 1;
  }
}
