/** How a test shows that an option does something. */
export type OptionCase =
  /** Two configs that differ in this option alone come to different things. */
  | {
      /** The option's value in one of them; a function is given the component's id. */
      readonly to: unknown;
      /** Its value in the other; default: it is left out. */
      readonly from?: unknown;
      /** What both configs have beside it, by dotted path. */
      readonly beside?: Readonly<Record<string, unknown>>;
    }
  /** A test elsewhere, which takes a process, a server or a cluster, shows it. */
  | { readonly shownBy: readonly [file: string, words: string] }
  /** Nothing to choose: one value is allowed. */
  | { readonly onlyValue: unknown }
  /** It changes time and memory, never a result. */
  | { readonly costOnly: string };

/** By option: `kind id.path`, or `kind *.path` for all components of a kind. */
export type OptionCases = Readonly<Record<string, OptionCase>>;

/** The case of an option: its own, or that of its kind. */
export function caseOf(cases: OptionCases, option: string): OptionCase | undefined {
  const [, kind, path] = /^(\S+) [^.]+\.(.+)$/.exec(option) ?? [];
  return cases[option] ?? cases[`${kind} *.${path}`];
}

/** What was computed, as text: equal texts, equal results. */
export function signature(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (ArrayBuffer.isView(each)) return Array.from(each as Float32Array);
    return typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  });
}
