// A name server on this machine's port 53 that says of every name that there is none (RFC 1035 section 4.1.1).

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** The bits of the second half of the flags: recursion available, and the answer that there is no such name. */
const NO_SUCH_NAME = 0x80 | 3;

/** The first flag: this is an answer. */
const ANSWER = 0x80;

export async function startNameServer(place) {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    if (question.length < 12) return;
    const answer = Buffer.from(question);
    answer[2] |= ANSWER;
    answer[3] = NO_SUCH_NAME;
    // Nothing but the question stands in it.
    answer.fill(0, 6, 12);
    socket.send(answer.subarray(0, questionEnd(answer)), port, address);
  });
  place.onLeave(async () => socket.close());
  socket.bind(53, '127.0.0.1');
  await once(socket, 'listening');
}

/** Where the first question ends: its name's labels, a zero, type and class. */
function questionEnd(message) {
  let at = 12;
  while (at < message.length && message[at] !== 0) at += message[at] + 1;
  return at + 5;
}
