// A middlebox that cuts what is idle, and a desk whose pings the browser holds back.

import { startHaproxy } from '../../rig/haproxy.mjs';

/** Intervals of the ping that the middlebox allows to be silent, and cuts in a row. */
const PATIENCE = 3;
const CUTS = 3;

/** Microseconds by which the silence before a cut may be shorter and longer than the middlebox's word. */
const EARLY = 50_000;
const SLACK = 400_000;

export const faults = [
  {
    name: 'idle-timeout',
    rule: 'idle-timeout',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { idle: PATIENCE * fault.interval });
      const desk = await fault.calm(`${fault.path.address}:${port}`);
      for (let cut = 1; cut <= CUTS; cut += 1) {
        await fault.checks.step(`the desk is hidden and cut off, for the ${cut}. time`, async () => {
          desk.hide();
          await desk.until('disconnected', cut);
          await desk.until('connected', cut + 1);
          await desk.pings(2);
        });
      }
    },
    signature(recording, checks, { interval }) {
      const cut = recording.bound().slice(0, CUTS);
      const manners = cut.map((connection) => recording.manner(connection, 'to-client'));
      const bare = manners.every((manner) => manner === 'fin-without-close-notify');
      checks.that('each connection ends with a bare FIN from the path', bare, JSON.stringify(manners));
      const gaps = cut.map((connection) => silence(recording, connection));
      const promised = PATIENCE * interval * 1000;
      const same = gaps.every((gap) => gap > promised - EARLY && gap < promised + SLACK);
      checks.that(`after the same silence (${gaps.join(', ')} µs)`, same);
      checks.that('nobody sends a Close frame or a stream error', !recording.has('web-socket-close')
        && recording.stanzas(({ kind }) => kind['stream-error']).length === 0);
    },
  },
];

/** Microseconds between the last message of a connection and its end from the server's side. */
function silence(recording, connection) {
  const [ended] = recording.all('ended', (_, event) => event.connection === connection && event.direction === 'to-client');
  const last = recording.all('xmpp-stanza', (_, event) => event.connection === connection && event.number < ended.number).at(-1);
  return ended.at - last.at;
}
