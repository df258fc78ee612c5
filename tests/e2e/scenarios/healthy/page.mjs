// Chromium with the desktop's page: reloaded, left, beside other pages, with two agents.

import { DOMAIN, PORT } from '../../rig/prosody.mjs';
import { tunnel } from '../../rig/session.mjs';
import { until } from '../../rig/wait.mjs';
import { aMinute, apart } from '../faults/hidden.mjs';

/** Where the desktop's page is. */
const PAGE = `https://${DOMAIN}:${PORT}/desktop/`;

export const healthy = [
  {
    name: 'hidden-tab',
    slow: true,
    shown: ['pings come once a minute, three times', (recording) => apart(recording).filter(aMinute).length >= 3],
    async make(fault) {
      const window = await fault.calmWindow();
      await fault.checks.step('another tab covers the desktop for five minutes, and it is seen again', async () => {
        await window.cover();
        await fault.told('three pings a minute apart', (recording) => apart(recording).filter(aMinute).length >= 3, 400_000);
        await window.tab.until('hidden');
        await until('the warning of it', () => fault.finspect.program.stdout().includes('warning: pings-slower'));
        await window.uncover();
        await fault.intervals(3);
      });
    },
  },
  {
    name: 'browser-reload',
    binds: 3,
    async make(fault) {
      const { page } = await fault.calmBrowser();
      for (const bind of [2, 3]) {
        await fault.checks.step('the page is loaded anew and logs in again', async () => {
          await page.reload();
          await tunnel(page, fault.agent, fault.interval);
          await fault.told('the next bind', (recording) => recording.bound().length === bind);
          await fault.intervals(2.5);
        });
      }
    },
  },
  {
    name: 'browser-left',
    async make(fault) {
      const { browser, page } = await fault.calmBrowser();
      await fault.checks.step('the person leaves the page, and closes the browser', async () => {
        await fault.intervals(3);
        await page.goto('about:blank');
        await fault.told('the end of the WebSocket', (recording) => recording.manner(recording.bound()[0], 'to-server'));
        await browser.close();
      });
    },
  },
  {
    name: 'browser-second-tab',
    async make(fault) {
      const { browser } = await fault.calmBrowser();
      await fault.checks.step('another tab shows other pages of the host', async () => {
        const other = await browser.page();
        for (const path of ['', 'strophe.js', 'nothing-here.html', 'desktop.js']) {
          await other.goto(`${PAGE}${path}`);
          await fault.intervals(0.7);
        }
        await other.close();
        await fault.intervals(2);
      });
    },
  },
  {
    name: 'browser-two-agents',
    binds: 2,
    colleagues: 1,
    async make(fault) {
      const { browser } = await fault.calmBrowser();
      await fault.checks.step('another tab is the desktop of another agent', async () => {
        const other = await browser.page();
        await other.goto(PAGE);
        await tunnel(other, fault.colleague(0), fault.interval);
        await fault.intervals(4);
      });
    },
  },
];
