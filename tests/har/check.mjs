// What finspect exports, in the hands of programs that have nothing to do with it: a HAR validator, the DevTools of
// Chromium, a CSV parser. The sessions are those of the demo, one for each way in which a desktop loses its connection.
//
// Usage: node check.mjs --finspect PROGRAM

import { execFile, execFileSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { har as validate } from 'har-validator';
import { imported, openDevTools, shown } from './devtools.mjs';

const finspect = process.argv[process.argv.indexOf('--finspect') + 1];
const place = mkdtempSync(join(tmpdir(), 'finspect-exports-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

/** A session of the demo, as its events and as a recording. */
async function play(scenario) {
  const recording = join(place, `${scenario}.jsonl`);
  const { stdout } = await promisify(execFile)(finspect, ['demo', '--scenario', scenario, '--format', 'json', '--record', recording],
    { timeout: 120_000, maxBuffer: 64 << 20 });
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  return { scenario, events, recording };
}

function exported(form, recording) {
  const out = `${recording}.${form}`;
  execFileSync(finspect, ['export', form, recording, '-o', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(out, 'utf8');
}

/** Every message and control frame of a session, by connection: what DevTools has to show. */
function framesOf(events) {
  const sockets = new Map();
  for (const { connection, direction, kind } of events) {
    const [[name, fact]] = Object.entries(kind);
    if (name === 'web-socket-opened') sockets.set(String(connection), []);
    const frame = FRAMES[name]?.(fact);
    if (frame) sockets.get(String(connection)).push({ type: direction === 'to-server' ? 'send' : 'receive', ...frame });
  }
  return sockets;
}

const opcodes = { text: 1, binary: 2 };
/** As Chrome has it: text where the opcode says text, base64 of the payload otherwise. */
const written = (opCode, { text, base64 }) =>
  ({ opCode, text: opCode === 1 ? text : base64 ?? Buffer.from(text).toString('base64') });
const FRAMES = {
  'web-socket-message': ({ message, payload }) => written(opcodes[message.opcode], payload.content),
  'xmpp-stanza': ({ carrier, xml }) => written(opcodes[carrier['web-socket'].opcode], xml.content),
  'web-socket-ping': (payload) => written(9, payload.content),
  'web-socket-pong': ({ payload }) => written(10, payload.content),
  'web-socket-close': ({ code, reason }) => {
    const head = code === undefined ? [] : [code >> 8, code & 255];
    return written(8, { base64: Buffer.concat([Buffer.from(head), Buffer.from(reason ?? '')]).toString('base64') });
  },
};

/** Whether a scenario's HAR file holds, and holds everything. */
async function checkHar({ scenario, events, recording }, devtools) {
  const text = exported('har', recording);
  const har = JSON.parse(text);
  await validate(har).catch((error) => assert.fail(`${scenario}: no valid HAR: ${JSON.stringify(error.errors ?? error)}`));
  const asked = events.filter(({ kind }) => kind['http-request']);
  // A server that could not be reached is an entry of its own, as in a browser's file.
  const failed = events.filter(({ kind, connection }) => kind['upstream-failed'] && asked.every((one) => one.connection !== connection));
  assert.equal(har.log.entries.length, asked.length + failed.length, `${scenario}: an entry a request`);
  for (const { time, timings } of har.log.entries) {
    const { blocked, dns, connect, send, wait, receive } = timings;
    const sum = [blocked, dns, connect, send, wait, receive].reduce((total, one) => total + Math.max(one, 0), 0);
    assert.ok(Math.abs(sum - time) < 0.001, `${scenario}: ${time} is not the sum of ${JSON.stringify(timings)}`);
  }
  const sockets = framesOf(events);
  const seen = (await imported(devtools.page, text)).filter(({ frames }) => frames.length);
  assert.equal(seen.length, sockets.size, `${scenario}: sockets in DevTools`);
  for (const { connection, type, address, frames } of seen) {
    assert.equal(type, 'websocket');
    assert.match(address, /^127\.0\.0\.1:\d{2,}$/);
    const told = frames.map(({ type: way, opCode, text: data }) => ({ type: way, opCode, text: data }));
    assert.deepEqual(told, sockets.get(connection), `${scenario}: frames of connection ${connection}`);
  }
  const rows = await shown(devtools.page, text);
  assert.deepEqual(rows.toSorted(), har.log.entries.map(({ request }) => request.url).toSorted(), `${scenario}: rows of the Network panel`);
  return `${rows.length} entries, ${seen.flatMap(({ frames }) => frames).length} frames`;
}

/** Whether a scenario's table has a row for each event, with the event's number, time and kind. */
function checkCsv({ scenario, events, recording }) {
  const rows = parse(exported('csv', recording), { columns: true });
  const start = events[0].kind['session-started']['wall-clock'];
  assert.deepEqual(
    rows.map(({ number, time, kind }) => [Number(number), Date.parse(time), kind]),
    events.map(({ number, time, kind }) => [number, Math.floor((start + time.arrived) / 1000), Object.keys(kind)[0]]),
    `${scenario}: rows`);
  return `${rows.length} rows`;
}

/** One for each shape that an export can have; the demo's other scenarios are variations of these. */
const SCENARIOS = ['calm', 'stall', 'fin', 'reset', 'close', 'shutdown', 'conflict', 'refuse', 'refuse-403', 'out-of-service',
  'finesse-presence-lost', 'unreachable'];
const sessions = await Promise.all(SCENARIOS.map(play));
const devtools = await openDevTools();
try {
  console.log(`DevTools of Chromium ${devtools.version}`);
  for (const session of sessions) {
    console.log(`ok  ${session.scenario}: har ${await checkHar(session, devtools)}; csv ${checkCsv(session)}`);
  }
} finally {
  await devtools.leave();
}
