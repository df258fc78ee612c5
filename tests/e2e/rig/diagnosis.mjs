// What finspect itself says of a recording.

import { runFinspect } from './finspect.mjs';

/**
 * Checks that `finspect diagnose` names the fault's `rule` as the cause of the first incident, and tells its `story` if it
 * has one. It is told how often the clients ping, because some have no time to show it.
 */
export async function diagnosed(checks, stage, recording, { rule, story }) {
  const { incidents, causes, trouble } = await diagnosis(stage, recording);
  const named = checks.that(`the diagnosis is ${rule}`, causes?.[0] === rule,
    causes ? `it is: ${causes.join(', ') || 'nothing'}` : trouble);
  if (named && story) story(incidents[0], checks, stage);
}

/** Checks that `finspect diagnose` finds nothing in it that took service against the user's wish. */
export async function healthy(checks, stage, recording) {
  const { causes, outcome, trouble } = await diagnosis(stage, recording);
  return checks.that('the diagnosis is healthy', outcome === 'healthy', trouble ?? `it is ${outcome}: ${causes.join(', ')}`);
}

/** The outcome, the incidents and the rules that are their causes, in order; or the trouble, if that is no diagnosis. */
async function diagnosis({ place, binary, interval }, recording) {
  const profile = ['--client-profile', `ping-interval=${interval}ms`];
  const { status, stdout, stderr } = await runFinspect(place, binary, ['diagnose', recording, '--json', ...profile]);
  try {
    const { outcome, incidents } = JSON.parse(stdout);
    return { outcome, incidents, causes: incidents.map(({ cause }) => cause?.rule ?? 'none') };
  } catch {
    return { trouble: `status ${status}: ${stderr.trim()}` };
  }
}
