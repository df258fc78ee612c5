// A browser that does not know finspect's authority: it must be told as just that.

import { startBrowser } from '../rig/browser.mjs';
import { events, kindOf, startFinspect } from '../rig/finspect.mjs';
import { DOMAIN, PORT } from '../rig/prosody.mjs';

export const name = 'distrust';

export async function run(checks, { place, binary, prosody }) {
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'distrust', [
    '--intercept', DOMAIN, '--resolve', `${DOMAIN}:${PORT}:127.0.0.1:${prosody.https}`,
    '--upstream-ca', prosody.authority, '--format', 'json',
  ]));
  const browser = await startBrowser(place, 'distrust', { args: [`--proxy-server=http://${finspect.address}`] });
  const page = await browser.page();
  const refusal = await page.goto(`https://${DOMAIN}:${PORT}/desktop/`).then(() => 'none', (error) => error.message);
  checks.that('another profile does not trust the authority', /ERR_CERT_AUTHORITY_INVALID/.test(refusal), refusal);
  const failed = await checks.step('finspect tells the refusal', () => finspect.program.until('a tls-failed event',
    () => events(finspect.program).map(kindOf).find(([kind, content]) => kind === 'tls-failed' && content.leg === 'client')));
  checks.that('as an authority that the browser does not know', 'authority-unknown' in Object(failed[1].reason),
    JSON.stringify(failed[1]));
  checks.that('and says what to do', Boolean(failed[1].advice), JSON.stringify(failed[1]));
  await browser.close();
  const code = await finspect.program.stop();
  checks.that('finspect ends with status 0', code === 0, finspect.program.fate());
}
