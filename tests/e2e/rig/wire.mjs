// A listener between finspect and the server that reads TLS record headers (RFC 8446 section 5.1) and nothing more:
// it tells whether a connection was ended with an alert, which is what a close_notify is, or without one.

import { createServer, connect } from 'node:net';

/** Record content types. */
const ALERT = 21;
const APPLICATION_DATA = 23;

/** The length of an encrypted alert in TLS 1.3: two bytes, the inner content type, and the tag. */
const ENCRYPTED_ALERT = 19;

/** Bytes of a record header. */
const HEADER = 5;

/** Starts it before the server's port; `connections` fills as they come. */
export function startWire(place, serverPort) {
  const connections = [];
  const sockets = new Set();
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true });
    const facts = { records: [], end: undefined, bytes: 0 };
    connections.push(facts);
    sockets.add(client).add(server);
    client.on('data', recordReader(facts));
    client.on('end', () => { facts.end ??= 'fin'; });
    client.on('error', (error) => { facts.end ??= error.code === 'ECONNRESET' ? 'rst' : error.code; });
    client.on('error', () => server.resetAndDestroy());
    server.on('error', () => client.resetAndDestroy());
    client.pipe(server).pipe(client);
  });
  place.onLeave(async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return new Promise((resolve, reject) => {
    listener.on('error', reject).listen(0, '127.0.0.1', () => resolve({ port: listener.address().port, connections }));
  });
}

/** Whether the last thing that the client's side said was a TLS alert. */
export function endedWithAlert({ records }) {
  const last = records.at(-1);
  return Boolean(last) && (last.type === ALERT || (last.type === APPLICATION_DATA && last.length === ENCRYPTED_ALERT));
}

/** Splits what arrives into records, however it is cut. */
function recordReader(facts) {
  let held = Buffer.alloc(0);
  return (chunk) => {
    facts.bytes += chunk.length;
    held = Buffer.concat([held, chunk]);
    while (held.length >= HEADER && held.length >= HEADER + held.readUInt16BE(3)) {
      const length = held.readUInt16BE(3);
      facts.records.push({ type: held[0], length });
      held = held.subarray(HEADER + length);
    }
  };
}
