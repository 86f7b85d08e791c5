/** A function cannot be traced: it read a value, drew host randomness, or used an op without a lowering. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** The tfjs op that is running now, from the call stack: tfjs names its op functions `matMul_`, `whereAsync_`. */
export function currentOp(): string | undefined {
  return stackNames()
    .map((name) => name.replace(OP_SUFFIX, ''))
    .find((name) => OP_NAME.test(name));
}

/**
 * Names of the functions on the call stack, innermost first. A trace asks at each of its constants: frames as objects take a
 * fraction of the time of a stack as text, which source maps make slower still.
 */
function stackNames(): string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 50;
  Error.prepareStackTrace = (_, frames) => frames.map((frame) => frame.getFunctionName()?.split('.').at(-1) ?? '');
  const names = new Error().stack as unknown as string[];
  Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  return names;
}

const OP_NAME =
  /^(dataSync|data|arraySync|array|bytes|print|toString|whereAsync|booleanMaskAsync|setdiff1dAsync|dropout|multinomial|random\w*|truncatedNormal|rand|topk|unique|nonMaxSuppression\w*)$/;

/** Functions of tfjs end in an underscore, so that a caller's own `dropout` is not taken for one. */
const OP_SUFFIX = /(_|__op)$/;
const RANDOM_OP = /^(dropout|multinomial|random\w*?|truncatedNormal|rand)(?:_|__op)$/;

/** The host-random op that is running now, if one is; the outermost, as the caller knows it. */
export function currentRandomOp(): string | undefined {
  return stackNames()
    .flatMap((name) => RANDOM_OP.exec(name)?.[1] ?? [])
    .at(-1);
}
