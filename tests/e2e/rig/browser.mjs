// Headless Chromium with an empty profile and a trust store of its own.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** What each browser here is started with. */
export const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // The browser's own calls home must neither leave the machine nor stand in what is tested: they go past the proxy,
  // and no name resolves there.
  '--proxy-bypass-list=*.google.com;*.googleapis.com;*.gstatic.com',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

/** The browser's program. */
export function chromiumPath() {
  const path = CANDIDATES.find((candidate) => candidate && existsSync(candidate));
  if (!path) throw new Error(`no Chromium: apt-get install chromium, or set CHROMIUM to its path`);
  return path;
}

/** The variables of a browser with a HOME of its own, in which only the authority `trusted` (if any) is known besides the system's. */
export function ownHome(place, name, trusted) {
  const home = place.mkdir(`home-${name}`);
  if (trusted) trust(home, place.mkdir(`home-${name}`, '.pki', 'nssdb'), trusted);
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: `${home}/.config`, XDG_CACHE_HOME: `${home}/.cache` };
  for (const variable of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY']) {
    delete env[variable];
  }
  return env;
}

/** Starts a browser of its own HOME, as `ownHome` says. */
export async function startBrowser(place, name, { args, trusted }) {
  const env = ownHome(place, name, trusted);
  const server = await chromium.launchServer({
    executablePath: chromiumPath(), headless: true, args: [...FLAGS, ...args], env, timeout: 60_000,
    handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
  });
  place.onLeave(() => server.kill());
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    page: () => browser.newPage(),
    /** Ends it as a person does who closes the window. */
    close: () => server.close(),
    /** Holds all of it, as a machine does that is out of memory, and lets it go on. */
    freeze: () => process.kill(-server.process().pid, 'SIGSTOP'),
    thaw: () => process.kill(-server.process().pid, 'SIGCONT'),
    /** Ends it with its whole process group and without a word. */
    kill: () => process.kill(-server.process().pid, 'SIGKILL'),
  };
}

/** Makes a trust store that holds the authority and nothing else. */
function trust(home, database, authority) {
  const certutil = (...args) => execFileSync('certutil', ['-d', `sql:${database}`, ...args],
    { env: { ...process.env, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
  certutil('-N', '--empty-password');
  certutil('-A', '-t', 'C,,', '-n', 'authority under test', '-i', authority);
}
