// Other people's sites: a shop that a link leads to, a blog that a link stands on. They write down what they were asked.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Visit = { url: URL; headers: IncomingHttpHeaders };

export type Site = {
  /** Without a slash at its end. */
  origin: string;
  /** The pages that were asked for, in order. */
  visits: Visit[];
  /** What its pages hold, as HTML. */
  body: string;
  close: () => Promise<void>;
};

export async function startSite(title: string): Promise<Site> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', site.origin);
    site.visits.push({ url, headers: request.headers });
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    // An icon of its own: else browsers ask for /favicon.ico, whenever they like.
    response.end(
      `<!DOCTYPE html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${site.body}</html>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const site: Site = { origin: `http://127.0.0.1:${port}`, visits: [], body: '', close };
  return site;
}
