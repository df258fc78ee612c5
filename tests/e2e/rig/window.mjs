// A window of Chromium whose tabs cover each other as a person's do. A page that Playwright drives counts as seen and has
// the focus whatever lies over it, and its timers are never slowed down; so this speaks the browser's remote control
// (https://chromedevtools.github.io/devtools-protocol/) itself, and starts Chromium without Playwright's switches.

import WebSocket from 'ws';
import { FLAGS, chromiumPath, ownHome } from './browser.mjs';
import { until, within } from './wait.mjs';

/** Starts it with one tab, behind finspect; `trusted` is the authority that it knows. */
export async function startWindow(place, name, { args, trusted }) {
  const env = ownHome(place, name, trusted);
  const program = place.start(`window-${name}`, chromiumPath(), ['--headless=new', '--remote-debugging-port=0',
    `--user-data-dir=${place.mkdir(`home-${name}`, 'profile')}`, ...FLAGS, ...args, 'about:blank'], { env });
  const [, address] = await program.until('its remote control', () => /DevTools listening on (ws:\S+)/.exec(program.stderr()), 60_000);
  const socket = new WebSocket(address);
  await within('its remote control to answer', new Promise((open, fail) => socket.on('open', open).on('error', fail)));
  place.onLeave(async () => socket.terminate());
  const remote = new Remote(socket);
  const first = await until('its first tab', async () =>
    (await remote.call('Target.getTargets')).targetInfos.find(({ type }) => type === 'page'));
  return new Window(remote, await Tab.of(remote, first.targetId));
}

/** The window: `tab` is its first one. */
class Window {
  constructor(remote, tab) {
    Object.assign(this, { remote, tab });
  }

  /** Opens another tab, which covers the first. */
  async cover() {
    this.other = (await this.remote.call('Target.createTarget', { url: 'about:blank' })).targetId;
    await this.tab.until('hidden');
  }

  /** Closes the other tab, so that the first is seen again. */
  async uncover() {
    await this.remote.call('Target.closeTarget', { targetId: this.other });
    await this.remote.call('Target.activateTarget', { targetId: this.tab.id });
    await this.tab.until('visible');
  }
}

/** A tab, with as much of a page of Playwright's as is needed here. */
class Tab {
  static async of(remote, id) {
    const { sessionId } = await remote.call('Target.attachToTarget', { targetId: id, flatten: true });
    return Object.assign(new Tab(), { remote, id, session: sessionId });
  }

  /** Loads a page. */
  async goto(url) {
    const { errorText } = await this.remote.call('Page.navigate', { url }, this.session);
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await until(`${url} to be loaded`, () =>
      this.evaluate((wanted) => location.href === wanted && document.readyState === 'complete', url));
  }

  /** What the function gives in the page. */
  async evaluate(action, argument) {
    const expression = typeof action === 'function' ? `(${action})(${JSON.stringify(argument) ?? ''})` : action;
    const options = { expression: String(expression), returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.remote.call('Runtime.evaluate', options, this.session);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the page itself says that it is `visible` or `hidden`. */
  async until(state) {
    await until(`the tab to be ${state}`, () => this.evaluate(`document.visibilityState === '${state}'`));
  }
}

/** Calls of the remote control and their answers. */
class Remote {
  constructor(socket) {
    Object.assign(this, { socket, count: 0, waiting: new Map() });
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { id, result, error } = JSON.parse(data);
      this.waiting.get(id)?.(error ? { failure: error.message } : result);
      this.waiting.delete(id);
    });
  }

  async call(method, params = {}, sessionId = undefined) {
    this.count += 1;
    const id = this.count;
    const answer = new Promise((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    const result = await within(`the answer to ${method}`, answer);
    if (result.failure) throw new Error(`${method}: ${result.failure}`);
    return result;
  }
}
