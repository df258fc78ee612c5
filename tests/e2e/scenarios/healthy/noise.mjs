// Things that go wrong beside a healthy socket, and have nothing to do with it.

import { once } from 'node:events';
import { connect } from 'node:net';
import { startHaproxy } from '../../rig/haproxy.mjs';
import { DOMAIN } from '../../rig/prosody.mjs';
import { startSlowRelay } from '../../rig/slow-relay.mjs';

/** How the authority of a load balancer that opens TLS may be called. */
const SIGNER = 'Load Balancer CA';

/** Answers of a web application that has a bad day, and where. */
const ANSWERS = [[500, '/finesse/api/User'], [503, '/finesse/api/Team'], [404, '/finesse/api/Dialog'], [401, '/finesse/api/Queue']];

export const healthy = [
  { name: 'noise-404', make: (fault) => noisy(fault, (desk, count) => desk.visit(`/desktop/gadget-${count}.js`)) },
  {
    name: 'noise-500',
    async make(fault) {
      const lines = ANSWERS.map(([status, path]) => `http-request return status ${status} if { path_beg ${path} }`);
      const port = await startHaproxy(fault, fault.stage.prosody.https, { signer: SIGNER, lines });
      const trusts = [fault.stage.place.path(`haproxy-${fault.name}`, 'authority.pem')];
      const path = (count) => ANSWERS[count % ANSWERS.length][1];
      await noisy(fault, (desk, count) => desk.visit(path(count)), `${fault.path.address}:${port}`, { trusts });
    },
  },
  {
    name: 'noise-spare-connections',
    make: (fault) => noisy(fault, async (desk, count) => {
      const spare = await desk.spare();
      await fault.intervals(0.3);
      if (count % 2) spare.end();
      else spare.destroy();
    }),
  },
  {
    name: 'noise-no-hello',
    make: (fault) => noisy(fault, async () => {
      const raw = await front(fault);
      raw.write(`CONNECT ${DOMAIN}:8445 HTTP/1.1\r\nHost: ${DOMAIN}:8445\r\n\r\n`);
      await once(raw, 'data');
      raw.destroy();
    }),
  },
  {
    name: 'noise-port-refused',
    make: (fault) => noisy(fault, (desk) => refused(desk, `${DOMAIN}:8446`), fault.front,
      { args: ['--resolve', `${DOMAIN}:8446:${fault.path.address}:${fault.stage.ports().https}`] }),
  },
  { name: 'noise-host-unknown', make: (fault) => noisy(fault, (desk) => refused(desk, 'elsewhere.test:443')) },
  {
    name: 'noise-tunnel-cut',
    async make(fault) {
      const relay = await startSlowRelay(fault.stage.place, fault.front);
      await noisy(fault, async () => {
        const raw = await front(fault);
        raw.write('CONNECT elsewhere.test:443 HTTP/1.1\r\nHost: elsewhere.test:443\r\n\r\n');
        await once(raw, 'data');
        await fault.intervals(0.2);
        relay.cut();
        raw.end();
      }, fault.front, { args: ['--resolve', `elsewhere.test:443:${relay.address}`] });
    },
  },
  {
    // Prosody has a certificate for that name, and no host.
    name: 'noise-name-refused',
    make: (fault) => noisy(fault, (desk) => refused(desk, 'elsewhere.test:443'), fault.front, {
      args: ['--intercept', 'elsewhere.test', '--resolve', `elsewhere.test:443:${fault.front}`],
      // It has to speak for both hosts.
      authority: 'authority-both',
    }),
  },
];

/** A calm desk, and something else once an interval. */
async function noisy(fault, noise, to = fault.front, options = {}) {
  const desk = await fault.calm(to, options);
  await fault.checks.step('something else goes wrong, and the shift goes on', async () => {
    for (let count = 0; count < 8; count += 1) {
      await noise(desk, count);
      await fault.intervals(0.6);
    }
    await desk.pings(2);
  });
}

/** Tries to connect; it must not work. */
async function refused(desk, target) {
  const outcome = await desk.spare(target).then(() => 'connected', (error) => error.message);
  if (outcome === 'connected') throw new Error(`${target} is connected`);
}

/** A connection to finspect on which nothing is said so far. */
async function front(fault) {
  const [host, port] = fault.finspect.address.split(':');
  const raw = connect(Number(port), host);
  raw.on('error', () => {});
  fault.stage.place.onLeave(async () => raw.destroy());
  await once(raw, 'connect');
  return raw;
}
