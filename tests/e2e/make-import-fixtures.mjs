// Makes the files that the tests of `finspect import` read, with a real Chromium at the simulator's desktop:
// the HAR that the exporter in Chromium's own DevTools writes, and a NetLog.
//
//     cargo build && node tests/e2e/make-import-fixtures.mjs FOLDER

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { chromiumPath } from './rig/browser.mjs';
import { Place } from './rig/place.mjs';
import { until } from './rig/wait.mjs';

const HOST = 'finesse.example.test';
const BINARY = resolve(import.meta.dirname, '../../target/debug/finspect');
/** The server resets the connection some seconds after the agent has signed in; the desktop then signs in again. */
const SIMULATOR = ['simulate', '--listen', '127.0.0.1:0', '--hostname', HOST, '--scenario', 'reset', '--pace', '5'];

/** Types of events that the importer reads; of all others a few are kept. */
const READ = /^(REQUEST_ALIVE|URL_REQUEST_START_JOB|URL_REQUEST_JOB|HTTP_STREAM_REQUEST_BOUND|HTTP_STREAM_JOB$|TCP_CLIENT_SOCKET_POOL_REQ|SOCKET|SSL_CONNECT$|SSL_SOCKET|SSL_ALERT|SSL_READ|SSL_WRITE|TCP_CONNECT|HTTP_TRANSACTION|FAILED|WEBSOCKET|PROXY_CONFIG|NETWORK_[CI])/;
const OTHERS = 2;

const [folder = '.'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
await inPlace('devtools.har', makeHar);
await inPlace('net-export.json', makeNetLog);

async function inPlace(name, make) {
  const place = new Place();
  try {
    writeFileSync(join(folder, name), await make(place));
  } finally {
    await place.leave();
  }
}

/** A day in small, with DevTools open: a reset, a second login, and a server that is gone in the end. */
async function makeHar(place) {
  const simulator = await startSimulator(place);
  const browser = await startBrowser(place);
  const { desktop, target } = await openDesktop(browser, simulator.port);
  const inspector = await openDevTools(browser, target);
  await desktop.reload();
  await work(desktop, simulator);
  await simulator.program.stop();
  await desktop.click('#sign-in');
  await shows(desktop, '#log', /out of service/);
  const har = await exportHar(inspector);
  await browser.stop();
  return har;
}

/** The same for a NetLog, with a port where nobody listens and a name that nobody knows. */
async function makeNetLog(place) {
  const simulator = await startSimulator(place);
  const browser = await startBrowser(place);
  const { desktop } = await openDesktop(browser, simulator.port);
  await work(desktop, simulator);
  await desktop.goto(`https://${HOST}:8444/`).catch(() => {});
  await desktop.goto('https://nowhere.example.test/').catch(() => {});
  await browser.stop();
  return trimmed(readFileSync(browser.netlog, 'utf8'));
}

/** The log without what nobody reads and what tells of this machine; one event a line, as Chromium writes it. */
function trimmed(text) {
  const { constants, events } = JSON.parse(text);
  constants.clientInfo = { ...constants.clientInfo, command_line: '', os_type: 'Linux' };
  delete constants.quicError;
  delete constants.quicRstStreamError;
  const names = new Map(Object.entries(constants.logEventTypes).map(([name, number]) => [number, name]));
  const count = new Map();
  const kept = events.filter(({ type, params }) => {
    const seen = (count.get(type) ?? 0) + 1;
    count.set(type, seen);
    return READ.test(names.get(type)) || (seen <= OTHERS && JSON.stringify(params ?? null).length < 500);
  });
  return `{"constants":${JSON.stringify(constants)},\n"events": [\n${kept.map((event) => JSON.stringify(event)).join(',\n')}]}\n`;
}

async function startSimulator(place) {
  const readyFile = place.path('simulator.ready.json');
  const program = place.start('simulator', BINARY, [...SIMULATOR, '--ready-file', readyFile]);
  const ready = await program.until('the simulator', () => whole(readyFile), 30_000);
  const [, user, password] = /\bagent (\S+), password (\S+?),/.exec(program.stderr());
  return { program, port: ready.address.split(':').pop(), user, password };
}

/** Chromium as a person starts it who writes a NetLog, with its debugging port open. */
async function startBrowser(place) {
  const home = place.mkdir('home');
  const netlog = place.path('net-export.json');
  const program = place.start('chromium', chromiumPath(), [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--no-pings',
    '--disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider', '--ignore-certificate-errors',
    `--host-resolver-rules=MAP ${HOST} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1`,
    `--user-data-dir=${home}`, '--remote-debugging-port=0', '--remote-allow-origins=*',
    `--log-net-log=${netlog}`, '--net-log-capture-mode=Default', 'about:blank',
  ], { env: { ...process.env, HOME: home } });
  const debugging = await program.until('the debugging port',
    () => /listening on (ws:\S+)/.exec(program.stderr())?.[1], 60_000);
  const connected = await chromium.connectOverCDP(debugging);
  return {
    connected,
    debugging: new URL(debugging).host,
    netlog,
    stop: async () => {
      const session = await connected.newBrowserCDPSession();
      await session.send('Browser.close').catch(() => {});
      await until('the browser to end', () => program.ended(), 30_000);
    },
  };
}

async function openDesktop({ connected }, port) {
  const desktop = await connected.contexts()[0].newPage();
  await desktop.goto(`https://${HOST}:${port}/desktop`);
  const session = await connected.contexts()[0].newCDPSession(desktop);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  return { desktop, target: targetInfo.targetId };
}

/** The DevTools of Chromium itself, in a tab of their own, looking at the desktop. */
async function openDevTools({ connected, debugging }, target) {
  const inspector = await connected.contexts()[0].newPage();
  await inspector.goto(
    `devtools://devtools/bundled/devtools_app.html?ws=${debugging}/devtools/page/${target}&panel=network`);
  await until('DevTools to be there', () => inspector.evaluate(async () => {
    const { TargetManager } = (await import('./core/sdk/sdk.js')).TargetManager;
    return Boolean(TargetManager.instance().primaryPageTarget());
  }), 30_000);
  return inspector;
}

async function work(desktop, { user, password }) {
  await desktop.fill('#agent-id', user);
  await desktop.fill('#password', password);
  await desktop.click('#sign-in');
  await shows(desktop, '#state', /^NOT_READY$/);
  await desktop.click('#ready');
  await shows(desktop, '#state', /^READY$/);
  await shows(desktop, '#connection', /^disconnected$/);
  await shows(desktop, '#connection', /^connected$/);
  await desktop.click('#sign-out');
  await shows(desktop, '#state', /^LOGOUT$/);
}

/** What "Export HAR (with sensitive data)" writes, from the exporter's own module. */
function exportHar(inspector) {
  return inspector.evaluate(async () => {
    const har = await import('./models/har/har.js');
    const logs = await import('./models/logs/logs.js');
    const common = await import('./core/common/common.js');
    const requests = logs.NetworkLog.NetworkLog.instance().requests();
    let text = '';
    const stream = { write: async (part) => { text += part; }, close: async () => {} };
    await har.Writer.Writer.write(stream, requests, { sanitize: false }, new common.Progress.Progress());
    return text;
  });
}

function shows(page, selector, pattern) {
  return until(`${selector} to show ${pattern}`, async () => pattern.test((await page.textContent(selector)).trim()), 60_000);
}

function whole(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
