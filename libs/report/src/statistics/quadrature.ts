const ORDER = 16;
const RULE = gaussLegendre(ORDER);

/** Nodes and weights of Gauss and Legendre's rule on [-1, 1], by Newton's method. */
function gaussLegendre(order: number): readonly { readonly x: number; readonly weight: number }[] {
  return Array.from({ length: order }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (order + 0.5));
    let slope = 0;
    for (let iteration = 0; iteration < 50; iteration++) {
      let before = 1;
      let value = x;
      for (let degree = 2; degree <= order; degree++) {
        const next = ((2 * degree - 1) * x * value - (degree - 1) * before) / degree;
        before = value;
        value = next;
      }
      slope = (order * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-16) break;
    }
    return { x, weight: 2 / ((1 - x * x) * slope * slope) };
  });
}

/** Integral of a smooth function over [low, high] by the 16-point rule on equal panels. */
export function integrate(f: (x: number) => number, low: number, high: number, panels: number): number {
  const half = (high - low) / panels / 2;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    const centre = low + (2 * panel + 1) * half;
    for (const { x, weight } of RULE) sum += weight * f(centre + half * x);
  }
  return sum * half;
}
