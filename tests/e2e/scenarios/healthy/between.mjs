// What stands between and does no harm: a middlebox that pings keep open, proxies, other versions and forms.

import { startDeflatingRelay } from '../../rig/deflating-relay.mjs';
import { startHaproxy } from '../../rig/haproxy.mjs';
import { DOMAIN, PORT } from '../../rig/prosody.mjs';
import { startUpstreamProxy } from '../../rig/upstream-proxy.mjs';

/** How the authority of a middlebox that opens TLS may be called. */
const SIGNER = 'Corporate TLS Inspection CA';

export const healthy = [
  {
    name: 'middlebox-kept-open',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { idle: 2 * fault.interval });
      await shift(fault, `${fault.path.address}:${port}`, 7);
    },
  },
  {
    name: 'middlebox-opens-tls',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { signer: SIGNER });
      await shift(fault, `${fault.path.address}:${port}`, 4, { trusts: [haproxyAuthority(fault)] });
    },
  },
  {
    name: 'middlebox-tls12',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { signer: SIGNER, front: ' ssl-max-ver TLSv1.2' });
      await shift(fault, `${fault.path.address}:${port}`, 4, { trusts: [haproxyAuthority(fault)] });
    },
  },
  {
    name: 'server-tls12',
    async make(fault) {
      const prosody = await fault.ownProsody({ settings: { protocol: 'tlsv1_2' } });
      await shift(fault, prosody.front, 4, { trusts: [prosody.authority] });
    },
  },
  { name: 'client-tls12', make: (fault) => desk(fault, { tls: { maxVersion: 'TLSv1.2' } }) },
  {
    name: 'upstream-proxy',
    async make(fault) {
      const proxy = await startUpstreamProxy(fault.stage.place, fault.front);
      await shift(fault, undefined, 5, { args: ['--upstream-proxy', proxy.url] });
    },
  },
  {
    name: 'deflate',
    shown: ['messages are compressed', (recording) => recording.stanzas(() => true).some(({ content }) =>
      content.carrier['web-socket'].compressed)],
    async make(fault) {
      const { place, prosody } = fault.stage;
      const relay = await startDeflatingRelay(place, fault.name, { address: fault.path.address, port: prosody.http });
      await shift(fault, relay.address, 5, { trusts: [relay.authority] });
    },
  },
  {
    name: 'server-pings',
    shown: ['the server pings', (recording) => recording.has('web-socket-ping', (_, { direction }) => direction === 'to-client')],
    async make(fault) {
      const { place, prosody } = fault.stage;
      const to = { address: fault.path.address, port: prosody.http };
      const relay = await startDeflatingRelay(place, fault.name, to, { deflate: false, pings: 0.5 * fault.interval });
      await shift(fault, relay.address, 5, { trusts: [relay.authority] });
    },
  },
  {
    name: 'reverse-listener',
    async make(fault) {
      await fault.startFinspect(fault.front, {
        args: ['--reverse', `127.0.0.1:0=https://${DOMAIN}:${PORT}`],
        // It has to speak for the address too.
        authority: 'authority-reverse',
      });
      const { address: door } = fault.finspect.ready.listeners.find(({ upstream }) => upstream);
      await connected(fault, { door, direct: true });
    },
  },
];

/** A calm desk by this way, and some more pings. */
async function shift(fault, to, pings, options) {
  const one = await fault.calm(to, options);
  await fault.checks.step('the shift goes on', () => one.pings(pings));
}

/** The same with a desk that is different. */
async function desk(fault, options) {
  await fault.startFinspect(fault.front);
  await connected(fault, options);
}

function connected(fault, options) {
  return fault.checks.step('a desk is connected, and its pings are answered', async () => {
    const one = fault.desk(options);
    one.connect();
    await one.until('connected');
    await one.pings(5);
  });
}

function haproxyAuthority(fault) {
  return fault.stage.place.path(`haproxy-${fault.name}`, 'authority.pem');
}
