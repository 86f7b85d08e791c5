import { UserError, type Build, type ComponentChoice } from '@gmoe/core';
import { routerKind, type Router } from './router.js';

/**
 * The router that another one balances.
 * @param outer id of that other
 * @throws UserError if it carries state of its own: two balances would push at each other
 */
export function innerRouter(outer: string, choice: ComponentChoice, build: Build): Router {
  const inner = build(routerKind, choice);
  if (inner.nextState) {
    throw new UserError(
      `router.router: must be a router without a balance of its own inside '${outer}' (got "${inner.id}")`,
    );
  }
  return inner;
}

/**
 * What a router that holds another one is like because of it.
 *
 * @param linear whether its logits are still the inner router's linear map of the token, where that has one
 */
export function traitsOf(
  { needsNoise, linear: innerIsLinear, edges }: Router,
  { linear }: { readonly linear: boolean },
): Pick<Router, 'needsNoise' | 'linear' | 'edges'> {
  return {
    ...(needsNoise ? { needsNoise } : {}),
    ...(linear && innerIsLinear ? { linear } : {}),
    ...(edges ? { edges } : {}),
  };
}
