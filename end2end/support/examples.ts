// The programs in docs/examples, run as a shop's backend runs them.
import { execFile } from 'node:child_process';
import path from 'node:path';

export type Example = 'post-order.sh' | 'post-order.mjs';

const folder = path.resolve(__dirname, '../../docs/examples');

export type Shop = { url: string; key: string };
export type Outcome = { code: number; stdout: string; stderr: string };

/** Reports an order: number, value, currency, and what there is of ref code and coupon code. */
export function postOrder(example: Example, { url, key }: Shop, ...order: string[]): Promise<Outcome> {
  const program = path.join(folder, example);
  const [command, first] = example.endsWith('.mjs') ? [process.execPath, [program]] : [program, []];
  const env = { PATH: process.env.PATH, TRIBUTARY_URL: url, TRIBUTARY_API_KEY: key };
  return new Promise((resolve) => {
    execFile(command, [...first, ...order], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}
