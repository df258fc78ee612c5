// A server for WebSockets that compresses its messages (RFC 7692) and may send pings, which Prosody does not, and hands
// on what it is told to Prosody.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import WebSocket, { WebSocketServer } from 'ws';
import { certify } from './certificate.mjs';
import { DOMAIN } from './prosody.mjs';

/**
 * Starts it before Prosody's plain HTTP side; its own address, and its authority's certificate. `deflate` says whether
 * it compresses, `pings` how many milliseconds its pings are apart, if it sends any; it listens at `listen`.
 */
export async function startDeflatingRelay(place, name, { address, port }, { deflate = true, pings, listen = '127.0.0.1' } = {}) {
  const files = certify(place.mkdir(`relay-${name}`), [DOMAIN]);
  const server = createServer({ cert: readFileSync(files.certificate), key: readFileSync(files.key) });
  const perMessageDeflate = deflate && { threshold: 0 };
  const sockets = new WebSocketServer({ server, perMessageDeflate, handleProtocols: () => 'xmpp' });
  sockets.on('connection', (client) => {
    const behind = new WebSocket(`ws://${address}:${port}/ws/`, 'xmpp', { headers: { Host: DOMAIN }, perMessageDeflate: false });
    const open = new Promise((resolve) => behind.on('open', resolve));
    client.on('message', (data) => open.then(() => behind.send(String(data))));
    behind.on('message', (data) => client.send(String(data)));
    const timer = pings && setInterval(() => client.ping('are you there'), pings);
    client.on('close', () => {
      clearInterval(timer);
      behind.close();
    });
    behind.on('close', () => client.close());
    for (const socket of [client, behind]) socket.on('error', () => {});
  });
  place.onLeave(async () => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, listen, resolve));
  return { address: `${listen}:${server.address().port}`, authority: files.authority };
}
