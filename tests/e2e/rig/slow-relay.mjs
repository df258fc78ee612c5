// A relay that hands on what the server says as late as it is told to, and ends what stands when it is told to.

import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/**
 * Starts it before `target` (`host:port`); its own address, `delay`, milliseconds for what arrives from now on or what
 * gives them, and `cut`, which ends every connection with a FIN to both sides.
 */
export function startSlowRelay(place, target) {
  const [host, port] = target.split(':');
  const sockets = new Set();
  const relay = {
    delay: 0,
    cut() {
      for (const socket of sockets) socket.end();
      sockets.clear();
    },
  };
  const listener = createServer((client) => {
    const server = connect({ port: Number(port), host });
    sockets.add(client).add(server);
    client.pipe(server);
    const late = inOrder(() => (typeof relay.delay === 'function' ? relay.delay() : relay.delay));
    server.on('data', (chunk) => late(() => client.write(chunk)));
    server.on('end', () => late(() => client.end()));
    for (const [one, other] of [[client, server], [server, client]]) one.on('error', () => other.resetAndDestroy());
  });
  place.onLeave(async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return new Promise((resolve, reject) => {
    listener.on('error', reject).listen(0, '127.0.0.1', () => {
      relay.address = `127.0.0.1:${listener.address().port}`;
      resolve(relay);
    });
  });
}

/** Does what it is given after the delay, and never before what it was given earlier: two timers keep no order. */
function inOrder(delay) {
  let earlier = Promise.resolve();
  return (action) => {
    earlier = Promise.all([earlier, setTimeout(delay())]).then(action);
  };
}
