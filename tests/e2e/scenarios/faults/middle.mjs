// A middlebox that opens TLS: the server's certificate is suddenly signed by another authority.

import { startHaproxy } from '../../rig/haproxy.mjs';

/** How such a product's authority may be called. */
const SIGNER = 'Corporate TLS Inspection CA';

export const faults = [
  {
    name: 'tls-inspected',
    rule: 'tls-inspected',
    async make(fault) {
      const desk = await fault.checks.step('the desktop\'s page is loaded', async () => {
        await fault.startFinspect(fault.front);
        const opened = fault.desk();
        await opened.visit('/desktop/');
        return opened;
      });
      await fault.checks.step('TLS is opened on the path, and the desk tries in vain', async () => {
        const port = await startHaproxy(fault, fault.stage.prosody.https, { signer: SIGNER });
        await fault.path.divert(fault.stage.prosody.https, port);
        desk.connect();
        await desk.until('disconnected', 2);
      });
    },
    signature(recording, checks) {
      checks.that('nobody is bound', recording.bound().length === 0);
      const [before] = recording.all('tls-established', ({ leg }) => leg === 'upstream');
      const failed = recording.all('tls-failed', ({ leg, reason }) => leg === 'upstream' && reason === 'unknown-issuer');
      checks.that('the chain is suddenly one that nobody vouches for', failed.length > 0);
      const [was, is] = [before, failed[0]].map((event) => event?.content.chain[0].issuer);
      checks.that(`its issuer was another one before (${was})`, was !== is && is?.includes(SIGNER), is);
    },
  },
];
