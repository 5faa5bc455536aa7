// Bundles and minifies what the browser loads beside the WASM: bundle.mjs WORK_FOLDER [--dev]
// In: the glue that wasm-bindgen wrote (WORK_FOLDER/bindgen), style/main.css with its parts, public-src/echarts-entry.mjs.
// Out: WORK_FOLDER/tributary.js, tributary.css, echarts.js
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [work, flag] = process.argv.slice(2);
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: flag !== '--dev',
  legalComments: 'none',
  logLevel: 'warning',
  target: ['chrome111', 'firefox115', 'safari16.4'],
};

await Promise.all([
  // Bundled, so that snippets which crates bring along end up in the one file.
  esbuild.build({
    ...common,
    entryPoints: [path.join(work, 'bindgen/tributary.js')],
    outfile: path.join(work, 'tributary.js'),
    format: 'esm',
  }),
  // Its parts become one file; no address of the site stands in it.
  esbuild.build({
    ...common,
    entryPoints: ['style/main.css'],
    outfile: path.join(work, 'tributary.css'),
  }),
  esbuild.build({
    ...common,
    entryPoints: ['public-src/echarts-entry.mjs'],
    outfile: path.join(work, 'echarts.js'),
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"production"' },
  }),
]);
