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
