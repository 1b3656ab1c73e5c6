const FIRST_MS = 100;
const LONGEST_MS = 20_000;

/**
 * Wait before the next attempt, longer each time, and not all clients alike: a server that restarts has them all at once.
 */
export function pause(attempt: number): Promise<void> {
  const longest = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}
