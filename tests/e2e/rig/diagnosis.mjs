// What finspect itself says of a recording.

import { runFinspect } from './finspect.mjs';

/**
 * Checks that `finspect diagnose` names `rule` as the cause of the first incident. It is told how often the clients ping,
 * because some have no time to show it.
 */
export async function diagnosed(checks, stage, recording, rule) {
  const { causes, trouble } = await diagnosis(stage, recording);
  return checks.that(`the diagnosis is ${rule}`, causes?.[0] === rule,
    causes ? `it is: ${causes.join(', ') || 'nothing'}` : trouble);
}

/** Checks that `finspect diagnose` finds nothing in it that took service against the user's wish. */
export async function healthy(checks, stage, recording) {
  const { causes, outcome, trouble } = await diagnosis(stage, recording);
  return checks.that('the diagnosis is healthy', outcome === 'healthy', trouble ?? `it is ${outcome}: ${causes.join(', ')}`);
}

/** The outcome and the rules that are the incidents' causes, in order; or the trouble, if that is no diagnosis. */
async function diagnosis({ place, binary, interval }, recording) {
  const profile = ['--client-profile', `ping-interval=${interval}ms`];
  const { status, stdout, stderr } = await runFinspect(place, binary, ['diagnose', recording, '--json', ...profile]);
  try {
    const { outcome, incidents } = JSON.parse(stdout);
    return { outcome, causes: incidents.map(({ cause }) => cause?.rule ?? 'none') };
  } catch {
    return { trouble: `status ${status}: ${stderr.trim()}` };
  }
}
