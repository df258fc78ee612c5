// The control: a proxy that knows CONNECT and nothing else, so that a session without finspect can be compared.

import { createServer, connect } from 'node:net';

/** Starts it; a CONNECT to `target` leads to the port of the loopback interface. Returns its own port. */
export function startPlainProxy(place, target, upstreamPort) {
  const sockets = new Set();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.once('data', (head) => {
      if (!String(head).startsWith(`CONNECT ${target} `)) {
        client.end('HTTP/1.1 502 Not the host under test\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      const upstream = connect(upstreamPort, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      sockets.add(upstream);
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
    });
  });
  place.onLeave(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}
