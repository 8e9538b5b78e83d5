// The settings that the server takes, as it wants them: what is not set is left out.

const OF_THE_EXTENSION = new Set(["path", "interpreter", "trace"]);

/** The part of `torchload-lint.*` that is the server's. */
export function serverSettings(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const set = Object.entries(given).filter(
    ([name, value]) =>
      !OF_THE_EXTENSION.has(name) && typeof value !== "function" && value !== null && value !== undefined && value !== "",
  );
  return Object.fromEntries(set);
}
