// Durations that tell nothing.

import { setTimeout as delay } from "node:timers/promises";

/** Waits until a whole multiple of the step has passed since that time. */
export async function nextStep(since: number, stepMs: number): Promise<void> {
  const elapsed = performance.now() - since;
  const steps = Math.max(1, Math.ceil(elapsed / stepMs));
  await delay(steps * stepMs - elapsed);
}

/**
 * Waits for so long, whether or not the work is done by then; a failure that may be shown ends it at once. What
 * happens later, and all that may not be shown, is left to the work itself.
 */
export async function waitForFailure(work: Promise<unknown>, mayShow: (error: unknown) => boolean, ms: number): Promise<void> {
  const shown = new Promise<never>((_, reject) => {
    work.catch((error: unknown) => mayShow(error) && reject(error));
  });
  await Promise.race([shown, delay(ms)]);
}
