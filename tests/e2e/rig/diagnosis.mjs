// What finspect itself says of a recording.

import { runFinspect } from './finspect.mjs';

/**
 * Checks that `finspect diagnose` names `rule` as the cause of the first incident. It is told how often the clients ping,
 * because some have no time to show it.
 */
export async function diagnosed(checks, { place, binary, interval }, recording, rule) {
  const profile = ['--client-profile', `ping-interval=${interval}ms`];
  const { status, stdout, stderr } = await runFinspect(place, binary, ['diagnose', recording, '--json', ...profile]);
  const causes = rules(stdout);
  return checks.that(`the diagnosis is ${rule}`, causes?.[0] === rule,
    causes ? `it is: ${causes.join(', ') || 'nothing'}` : `status ${status}: ${stderr.trim()}`);
}

/** The rules that are the incidents' causes, in order; undefined if that is no diagnosis. */
function rules(text) {
  try {
    return JSON.parse(text).incidents.map(({ cause }) => cause?.rule ?? 'none');
  } catch {
    return undefined;
  }
}
