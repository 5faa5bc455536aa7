// A Tributary of one's own: the built binary on a free port, with an empty data folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const START_MS = 10_000;
/** What the server promises between SIGTERM and its end. */
const STOP_MS = 5_000;

export const admin = { email: 'admin@tributary.test', password: 'correct horse battery staple' };

export type Server = {
  /** The public address, without a slash at its end. */
  url: string;
  /** All that the server has logged so far. */
  log: () => string;
  /** Ends it as an operator does; fails where it does not end well and in time. */
  stop: () => Promise<void>;
};

export async function startServer(): Promise<Server> {
  const binary = path.resolve(root, process.env.TRIBUTARY_BIN ?? 'target/release/tributary');
  if (!fs.existsSync(binary)) throw new Error(`${binary} is missing: run "make build", or name a binary in TRIBUTARY_BIN`);
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'tributary-end2end-'));
  const addr = `127.0.0.1:${await freePort()}`;
  const url = `http://${addr}`;
  const server = spawn(binary, ['serve', '--addr', addr, '--public-url', url, '--data-dir', data], {
    cwd: root,
    env: { ...withoutOurs(process.env), TRIBUTARY_ADMIN_EMAIL: admin.email, TRIBUTARY_ADMIN_PASSWORD: admin.password, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  server.stdout.on('data', (text: Buffer) => (log += text));
  server.stderr.on('data', (text: Buffer) => (log += text));
  const ended = once(server, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  // Nothing of ours may outlive the tests, however they end.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async () => {
    server.kill('SIGTERM');
    const late = setTimeout(kill, STOP_MS);
    const [code, signal] = await ended;
    clearTimeout(late);
    process.off('exit', kill);
    fs.rmSync(data, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code} instead of 0 within ${STOP_MS} ms of SIGTERM:\n${log}`);
  };

  const giveUp = Date.now() + START_MS;
  while (!(await isHealthy(url))) {
    if (server.exitCode !== null || Date.now() > giveUp) {
      kill();
      throw new Error(`the server did not start:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, log: () => log, stop };
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
}

/** A port that was free a moment ago: the public address must be known before the server listens. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The developer's own settings must not reach the tests. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TRIBUTARY_')));
}
