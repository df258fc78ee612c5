// What an agent does, or what is done in the agent's name: a second login, a wrong password, a distrust.

import { DOMAIN, PORT } from '../../rig/prosody.mjs';

/** Characters that no server takes in one message; Prosody takes 256 KiB. */
const TOO_LARGE = 2_000_000;

export const faults = [
  {
    name: 'second-login',
    rule: 'second-login',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('a second desk of the same agent evicts the first', async () => {
        const second = fault.desk();
        second.connect();
        await second.until('connected');
        await desk.until('conflict');
        await second.pings(2);
      });
    },
    signature(recording, checks) {
      const [first, second] = recording.bound();
      const [conflict] = recording.streamErrors('conflict');
      checks.that('the first connection is told of a conflict', conflict?.connection === first);
      const [bind] = recording.stanzas(({ kind, type }, { connection }) =>
        kind.bind?.jid && type === 'result' && connection === second);
      checks.that('while the second is bound', Math.abs(conflict?.at - bind?.at) < 1_000_000, `${conflict?.at} ${bind?.at}`);
    },
  },
  {
    name: 'sign-in-refused',
    rule: 'sign-in-refused',
    async make(fault) {
      await fault.checks.step('a wrong password is refused', async () => {
        await fault.startFinspect(fault.front);
        const desk = fault.desk({ agent: { ...fault.agent, password: `${fault.agent.password}-no-more` } });
        desk.connect();
        await desk.until('unauthorized');
      });
    },
    signature(recording, checks) {
      const failures = recording.stanzas(({ kind }) => kind['sasl-failure']);
      checks.that('the server says not-authorized', failures.some(({ content }) =>
        content.stanza.kind['sasl-failure'].condition === 'not-authorized'));
      checks.that('nobody is bound', recording.bound().length === 0);
    },
  },
  {
    name: 'certificate-not-accepted',
    rule: 'certificate-not-accepted',
    async make(fault) {
      await fault.checks.step('a browser that does not know the authority refuses the page', async () => {
        await fault.startFinspect(fault.front);
        const browser = await fault.browser(null);
        const page = await browser.page();
        const refusal = await page.goto(`https://${DOMAIN}:${PORT}/desktop/`).then(() => 'none', (error) => error.message);
        if (!/ERR_CERT_AUTHORITY_INVALID/.test(refusal)) throw new Error(refusal);
      });
    },
    signature(recording, checks) {
      const refused = recording.all('tls-failed', ({ leg, reason }) => leg === 'client' && reason['authority-unknown']);
      checks.that('the browser says so in an alert', refused.length > 0);
      checks.that('there is no HTTP', !recording.has('http-request'));
    },
  },
  {
    name: 'no-presence',
    rule: 'no-presence',
    async make(fault) {
      await fault.checks.step('a client that says no presence waits in vain', async () => {
        await fault.startFinspect(fault.front);
        const desk = fault.desk({ presence: '' });
        desk.connect();
        await desk.until('disconnected');
      });
    },
    signature(recording, checks) {
      checks.that('the agent is bound', recording.bound().length > 0);
      const presences = recording.stanzas(({ kind }) => kind.presence);
      checks.that('there is no presence, one way or the other', presences.length === 0, JSON.stringify(presences));
    },
  },
  {
    name: 'stream-error.host-unknown',
    rule: 'stream-error',
    async make(fault) {
      await fault.checks.step('a client that asks for another domain is refused', async () => {
        await fault.startFinspect(fault.front);
        const desk = fault.desk({ domain: 'elsewhere.test' });
        desk.connect();
        await desk.until('disconnected');
      });
    },
    signature(recording, checks) {
      checks.that('the server says host-unknown', recording.streamErrors('host-unknown').length > 0);
      checks.that('nobody is bound', recording.bound().length === 0);
    },
  },
  {
    name: 'message-too-large',
    rule: 'message-too-large',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('a client that says too much at once is cut off', async () => {
        desk.say(`<message xmlns="jabber:client" to="${DOMAIN}"><body>${'x'.repeat(TOO_LARGE)}</body></message>`);
        await desk.until('disconnected');
      });
      await fault.checks.step('the client is back', async () => {
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      const [close] = recording.all('web-socket-close');
      checks.that(`the server ends it (${close?.content.code} ${close?.content.reason})`, close?.direction === 'to-client');
      checks.that('the agent is bound again', recording.bound().length === 2, String(recording.bound()));
    },
  },
];
