// curl through the front door: interception, tunnels, plain HTTP, finspect's own pages.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { events, kindOf, startFinspect } from '../rig/finspect.mjs';
import { DOMAIN, PORT } from '../rig/prosody.mjs';
import { until } from '../rig/wait.mjs';
import { endedWithAlert, startWire } from '../rig/wire.mjs';

export const name = 'curl';

/** curl's exit code for a certificate that nobody vouches for. */
const UNTRUSTED = 60;

/** A host that is not named for interception. */
const ELSEWHERE = 'elsewhere.test';

/** What that host says. */
const GREETING = 'elsewhere says hello';

/** The port under which the plain HTTP side is asked for. */
const PLAIN_PORT = 8082;

export async function run(checks, { place, binary, prosody }) {
  const wire = await startWire(place, prosody.https);
  const elsewherePort = await startElsewhere(place, prosody);
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'curl', [
    '--intercept', DOMAIN, '--upstream-ca', prosody.authority, '--format', 'json',
    '--resolve', `${DOMAIN}:${PORT}:127.0.0.1:${wire.port}`,
    '--resolve', `${DOMAIN}:${PLAIN_PORT}:127.0.0.1:${prosody.http}`,
    '--resolve', `${ELSEWHERE}:443:127.0.0.1:${elsewherePort}`,
  ]));
  const through = (...args) => curl('--proxy', `http://${finspect.address}`, ...args);
  const page = readFileSync(place.path('prosody/www/strophe.js'), 'utf8');
  const url = `https://${DOMAIN}:${PORT}/desktop/strophe.js`;

  const trusted = await through('--cacert', finspect.ready.ca, url);
  checks.that('with finspect\'s authority the file arrives whole', trusted.code === 0 && trusted.stdout === page,
    `${trusted.code}: ${trusted.stderr}`);
  const untrusted = await through(url);
  checks.that('without it curl refuses finspect\'s certificate', untrusted.code === UNTRUSTED,
    `${untrusted.code}: ${untrusted.stderr}`);
  const original = await through('--cacert', prosody.authority, url);
  checks.that('nor does the server\'s own authority vouch for an intercepted host', original.code === UNTRUSTED,
    `${original.code}: ${original.stderr}`);
  const elsewhere = await through('--cacert', prosody.authority, `https://${ELSEWHERE}/`);
  checks.that('a host that is not named is tunnelled to the server\'s own certificate', elsewhere.code === 0 && elsewhere.stdout === GREETING,
    `${elsewhere.code}: ${elsewhere.stderr}`);
  const plain = await through(`http://${DOMAIN}:${PLAIN_PORT}/desktop/strophe.js`);
  checks.that('plain HTTP through the proxy arrives whole', plain.code === 0 && plain.stdout === page,
    `${plain.code}: ${plain.stderr}`);
  await frontDoor(checks, finspect);
  await facts(checks, finspect, wire, page);
}

/** A server of the host that nobody looks into; its port. */
function startElsewhere(place, { certificate, key }) {
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, response) => response.end(GREETING));
  place.onLeave(async () => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

/** finspect's own pages. */
async function frontDoor(checks, { address, ready }) {
  const pac = await curl(ready.pac);
  checks.that('the PAC file sends the intercepted host to this front door',
    pac.stdout.includes('FindProxyForURL') && pac.stdout.includes(DOMAIN) && pac.stdout.includes(`PROXY ${address}`), pac.stdout);
  const pem = await curl(`http://${address}/ca.pem`);
  checks.that('the certificate that it serves is the one on disk', pem.code === 0 && pem.stdout === readFileSync(ready.ca, 'utf8'),
    pem.stdout);
  const home = await curl(`http://${address}/`);
  checks.that('its first page says what it is', home.code === 0 && /finspect/i.test(home.stdout), home.stdout);
}

/** What finspect tells of it, and what the server's side of the wire saw. */
async function facts(checks, { program }, wire, page) {
  await checks.step('every connection is told to its end', () => program.until('closed events', () => {
    const count = (kind) => events(program).filter((event) => kindOf(event)[0] === kind).length;
    return count('accepted') > 0 && count('closed') + count('refused') >= count('accepted');
  }));
  const all = events(program);
  const of = (kind) => all.filter((event) => kindOf(event)[0] === kind).map((event) => ({ ...event, content: kindOf(event)[1] }));
  const body = of('http-body').find(({ direction, content }) => direction === 'to-client' && content.content.size === page.length);
  checks.that('the body is told with its size', body?.content.complete === true);
  const rejected = of('tls-failed').filter(({ content }) => content.leg === 'client');
  checks.that('both refusals are told as an authority that the client does not know',
    rejected.length === 2 && rejected.every(({ content }) => 'authority-unknown' in Object(content.reason)),
    JSON.stringify(rejected.map(({ content }) => content.reason)));
  const entered = of('entered').map(({ content }) => content);
  checks.that('the tunnel is told as not looked into',
    entered.some(({ target, intercepted }) => target.host === ELSEWHERE && intercepted === false), JSON.stringify(entered));
  // curl says close_notify at the end, so a server that hears none was told something else than what was said.
  await until('the end at the server', () => wire.connections.every(({ end }) => end));
  checks.that('a close_notify is carried to the server', wire.connections.some(endedWithAlert),
    JSON.stringify(wire.connections.map(({ end, records }) => [end, records.slice(-2)])));
  const code = await program.stop();
  checks.that('finspect ends with status 0', code === 0, program.fate());
}

/** Runs curl; its exit code and outputs. */
function curl(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', ['--silent', '--show-error', '--fail', '--max-time', '20', ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: '/nonexistent' } });
    const outcome = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => { outcome[stream] += text; });
    child.on('error', reject).on('close', (code) => resolve({ ...outcome, code }));
  });
}
