// A proxy that leads out, as a company has one: it takes CONNECT, or it says no.

import { connect, createServer } from 'node:net';

/** Starts it; whatever is asked for, it leads to `target` (`host:port`). `refuse` makes it say no, and ends what stands. */
export function startUpstreamProxy(place, target) {
  const [host, port] = target.split(':');
  const sockets = new Set();
  let refusal;
  const listener = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.once('data', () => {
      if (refusal) {
        client.end(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        return;
      }
      const server = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(server).pipe(client);
      });
      sockets.add(server);
      server.on('error', () => client.destroy());
      client.on('close', () => server.destroy());
    });
  });
  place.onLeave(async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const refuse = (status) => {
    refusal = status;
    for (const socket of sockets) socket.end();
  };
  return new Promise((resolve, reject) => {
    listener.on('error', reject).listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${listener.address().port}`, refuse });
    });
  });
}
