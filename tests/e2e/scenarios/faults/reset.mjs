// A path that ends connections in mid flow: with RST from a firewall, with a bare FIN from a relay.

import { startSlowRelay } from '../../rig/slow-relay.mjs';

export const faults = [
  {
    name: 'connection-reset',
    rule: 'connection-reset',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('the path answers with RST, and the desk knows at once', async () => {
        await fault.path.reset(fault.stage.prosody.https);
        await desk.until('disconnected');
      });
      await fault.checks.step('the path is as before and the desk is back', async () => {
        await fault.path.heal();
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const manner = recording.manner(first, 'to-client');
      checks.that('the server\'s side ends with a reset', manner === 'reset', JSON.stringify(manner));
      checks.that('no Close frame and no stream error before it', !recording.has('web-socket-close')
        && recording.stanzas(({ kind }) => kind['stream-error']).length === 0);
      checks.that('the agent is bound again', recording.bound().length === 2, String(recording.bound()));
    },
  },
  {
    name: 'connection-cut',
    rule: 'connection-cut',
    async make(fault) {
      const relay = await startSlowRelay(fault.stage.place, fault.front);
      const desk = await fault.calm(relay.address);
      await fault.checks.step('the path ends the connection, and the desk is back', async () => {
        relay.cut();
        await desk.until('disconnected');
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const manner = recording.manner(first, 'to-client');
      checks.that('the server\'s side ends with a bare FIN', manner === 'fin-without-close-notify', JSON.stringify(manner));
      checks.that('no Close frame and no stream error before it', !recording.has('web-socket-close')
        && recording.stanzas(({ kind }) => kind['stream-error']).length === 0);
      checks.that('the agent is bound again', recording.bound().length === 2, String(recording.bound()));
    },
  },
];
