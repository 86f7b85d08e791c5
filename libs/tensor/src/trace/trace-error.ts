/** A function cannot be traced: it read a value, drew host randomness, or used an op without a lowering. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** The tfjs op that is running now, from the call stack: tfjs names its op functions `matMul_`, `whereAsync_`. */
export function currentOp(): string | undefined {
  return opsOnStack()[0];
}

/** tfjs ops on the call stack, innermost first. */
export function opsOnStack(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  const names = [...stack.matchAll(/^\s*at (?:async )?(?:\w+\.)?(\w+?)(?:_|__op)? /gm)].map((match) => match[1]!);
  return names.filter((name) => OP_NAME.test(name));
}

const OP_NAME =
  /^(dataSync|data|arraySync|array|bytes|print|toString|whereAsync|booleanMaskAsync|setdiff1dAsync|dropout|multinomial|random\w*|truncatedNormal|rand|topk|unique|nonMaxSuppression\w*)$/;

const RANDOM_OP = /^(dropout|multinomial|random\w*|truncatedNormal|rand)$/;

/** The host-random op that is running now, if one is. */
export function currentRandomOp(): string | undefined {
  const random = opsOnStack().filter((name) => RANDOM_OP.test(name));
  return random.at(-1);
}
