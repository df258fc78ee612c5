// The way to the server: no name, no listener, a proxy that says no.

import { startUpstreamProxy } from '../../rig/upstream-proxy.mjs';

/** Attempts in vain that are waited for. */
const IN_VAIN = 3;

export const faults = [
  {
    name: 'server-unreachable',
    rule: 'server-unreachable',
    make: (fault) => inVain(fault, `${fault.path.address}:${fault.stage.ports().https}`),
    signature: failed((reason) => reason === 'connection-refused'),
  },
  {
    name: 'name-not-resolved',
    rule: 'name-not-resolved',
    make: (fault) => inVain(fault, undefined),
    signature: failed((reason) => reason.unresolved),
  },
  {
    name: 'upstream-proxy.refused',
    rule: 'upstream-proxy',
    async make(fault) {
      const proxy = await startUpstreamProxy(fault.stage.place, fault.front);
      proxy.refuse('403 Forbidden');
      await inVain(fault, undefined, ['--upstream-proxy', proxy.url]);
    },
    signature: failed((reason) => reason['proxy-refused']),
  },
  {
    name: 'upstream-proxy.cut',
    rule: 'upstream-proxy',
    async make(fault) {
      const proxy = await startUpstreamProxy(fault.stage.place, fault.front);
      const desk = await fault.calm(undefined, { args: ['--upstream-proxy', proxy.url] });
      await fault.checks.step('the proxy ends what stands and says no', async () => {
        proxy.refuse('503 Service Unavailable');
        await desk.until('disconnected', IN_VAIN);
      });
    },
    signature(recording, checks) {
      const manner = recording.manner(recording.bound()[0], 'to-client');
      checks.that('the connection ends with a bare FIN', manner === 'fin-without-close-notify', JSON.stringify(manner));
      const refused = recording.all('upstream-failed', ({ reason }) => reason['proxy-refused']);
      checks.that('then the proxy says no', refused.length > 0);
    },
  },
];

/** A desk that tries some times in vain. */
function inVain(fault, to, args = []) {
  return fault.checks.step('a desk tries in vain', async () => {
    await fault.startFinspect(to, { args });
    const desk = fault.desk();
    desk.connect();
    await desk.until('disconnected', IN_VAIN);
  });
}

/** Every attempt failed for this reason. */
function failed(is) {
  return (recording, checks) => {
    const reasons = recording.all('upstream-failed').map(({ content }) => content.reason);
    const same = reasons.length >= IN_VAIN && reasons.every(is);
    checks.that('each attempt fails for the same reason', same, JSON.stringify(reasons));
    checks.that('nobody is bound', recording.bound().length === 0);
  };
}
