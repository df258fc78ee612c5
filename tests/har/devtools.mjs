// Chromium's own DevTools, as it is built into the browser: its Network panel reads a HAR file and shows it.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts a headless browser; `page` is its DevTools, attached to nothing. */
export async function openDevTools() {
  const program = CANDIDATES.find((candidate) => candidate && existsSync(candidate));
  if (!program) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path');
  const home = mkdtempSync(join(tmpdir(), 'finspect-har-'));
  const browser = spawn(program, [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--remote-debugging-port=0', `--user-data-dir=${home}`, 'about:blank',
  ], { stdio: 'ignore', env: { ...process.env, HOME: home } });
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  const leave = async () => {
    browser.kill();
    await ended;
    rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const port = await debuggingPort(join(home, 'DevToolsActivePort'));
    const connection = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const page = await connection.contexts()[0].newPage();
    await page.goto(`http://127.0.0.1:${port}/devtools/inspector.html`);
    return { page, version: connection.version(), leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function debuggingPort(file) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (existsSync(file)) {
      const [port] = readFileSync(file, 'utf8').split('\n');
      if (port) return port;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Chromium opens no debugging port');
}

/** What DevTools makes of a HAR file: its requests, with the frames of its WebSockets. */
export function imported(page, text) {
  return page.evaluate(async (har) => {
    const { HARFormat, Importer } = await import('/devtools/models/har/har.js');
    const { log } = new HARFormat.HARRoot(JSON.parse(har));
    return Importer.Importer.requestsFromHARLog(log).map((request) => ({
      url: request.url(),
      method: request.requestMethod,
      status: request.statusCode,
      type: request.resourceType().name(),
      address: request.remoteAddress(),
      connection: request.connectionId,
      issued: request.issueTime(),
      ended: request.endTime,
      frames: request.frames().map(({ type, opCode, text, time }) => ({ type, opCode, text, time })),
    }));
  }, text);
}

/** The rows of the Network panel once it has loaded the file, as a person reads them. */
export function shown(page, text) {
  return page.evaluate(async (har) => {
    const { NetworkPanel } = await import('/devtools/panels/network/network.js');
    const { ViewManager } = await import('/devtools/ui/legacy/legacy.js');
    await ViewManager.ViewManager.instance().showView('network');
    const view = NetworkPanel.NetworkPanel.instance().networkLogView;
    await view.onLoadFromFile(new File([har], 'session.har', { type: 'application/json' }));
    const wanted = JSON.parse(har).log.entries.length;
    for (let tries = 0; tries < 200 && view.flatNodesList().length < wanted; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return view.flatNodesList().map((node) => node.request().url());
  }, text);
}
