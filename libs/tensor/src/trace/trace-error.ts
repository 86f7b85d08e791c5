/** A function cannot be traced: it read a value, drew host randomness, or used an op without a lowering. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** The tfjs op that is running now, from the call stack: tfjs names its op functions `matMul_`, `whereAsync_`. */
export function currentOp(): string | undefined {
  return opsOnStack()[0];
}

/** Names on the call stack that could be tfjs ops, innermost first. */
function opsOnStack(): string[] {
  const names = [...callStack().matchAll(/^\s*at (?:async )?(?:\w+\.)?(\w+?)(?:_|__op)? /gm)].map((match) => match[1]!);
  return names.filter((name) => OP_NAME.test(name));
}

function callStack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  return stack;
}

const OP_NAME =
  /^(dataSync|data|arraySync|array|bytes|print|toString|whereAsync|booleanMaskAsync|setdiff1dAsync|dropout|multinomial|random\w*|truncatedNormal|rand|topk|unique|nonMaxSuppression\w*)$/;

/** Functions of tfjs end in an underscore, so that a caller's own `dropout` is not taken for one. */
const RANDOM_OP = /^\s*at (?:\w+\.)?(dropout|multinomial|random\w*?|truncatedNormal|rand)(?:_|__op) /gm;

/** The host-random op that is running now, if one is; the outermost, as the caller knows it. */
export function currentRandomOp(): string | undefined {
  return [...callStack().matchAll(RANDOM_OP)].at(-1)?.[1];
}
