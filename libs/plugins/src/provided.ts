/** Modules of which there must be one instance: the program's. */
export const PROVIDED = /^(gmoe|zod|@tensorflow\/tfjs)$/;

const PREFIX = 'gmoe-provided:';

/** How compiled plug-ins name a provided module, whatever machine they are loaded on. */
export const providedSpecifier = (name: string): string => `${PREFIX}${name}`;

/**
 * The code with provided modules at their places on this machine.
 *
 * @param surface URL of the program's own `gmoe` module
 */
export function placeProvided(code: string, surface: string): string {
  return code.replaceAll(/(["'])gmoe-provided:([^"']+)\1/g, (_, quote: string, name: string) => {
    const url = name === 'gmoe' ? surface : import.meta.resolve(name);
    return `${quote}${url}${quote}`;
  });
}
