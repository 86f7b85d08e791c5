import { largest, smallest } from '@gmoe/core';

/*
 * How a regular expression may run away. Engines that backtrack try every way in which repeated parts can share a text: `(a+)+$`
 * has 2^n of them, `a*a*b` n^2. Onig, which reads the patterns of a `tokenizer.json`, gives up after ten million tries, and the
 * tokenizers' library then ends the whole process.
 */

/** What a part of a pattern can match. */
interface Part {
  /** Characters that it needs at least; 0 for what looks around. */
  readonly least: number;
  /** Whether it has more than one way to match a text that begins with a match. */
  readonly ambiguous: boolean;
  /** Unbounded repetitions in it, one after the other, that it can give characters back from. */
  readonly loops: number;
  /** Whether it can fail: it needs a character, or looks around. */
  readonly needed: boolean;
}

const EMPTY: Part = { least: 0, ambiguous: false, loops: 0, needed: false };
const ONE: Part = { least: 1, ambiguous: false, loops: 0, needed: true };
const ASSERTION: Part = { least: 0, ambiguous: false, loops: 0, needed: true };

/** Repetitions beyond this count as unbounded. */
const MANY = 64;
const LONGEST = 10_000;
const DEEPEST = 100;
const MOST_LOOPS = 1;

export interface PatternWays {
  /** Characters of its shortest match. */
  readonly least: number;
  /** Why it may take beyond all measure; undefined if it does not. */
  readonly problem: string | undefined;
}

/**
 * What a pattern in Onig's syntax may cost. Errs towards refusing: of patterns that repeat a part which can match in several ways,
 * or need something behind several unbounded repetitions, some are harmless. Those of published tokenizers have neither.
 *
 * @param mostLoops unbounded repetitions that may stand before something needed: one for texts of any length
 */
export function patternWays(pattern: string, mostLoops = MOST_LOOPS): PatternWays {
  if (pattern.length > LONGEST) return { least: 0, problem: `has ${pattern.length} characters, at most ${LONGEST}` };
  try {
    const reader = new PatternReader(pattern, mostLoops);
    const { least } = reader.whole();
    return { least, problem: undefined };
  } catch (error) {
    if (error instanceof RunsAway) return { least: 0, problem: error.message };
    throw error;
  }
}

class RunsAway extends Error {}

class PatternReader {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly mostLoops: number,
  ) {}

  whole(): Part {
    let part = this.alternatives();
    // A parenthesis too many is for the library to refuse.
    while (this.at < this.text.length) {
      this.at++;
      part = this.follow(part, this.alternatives());
    }
    return part;
  }

  private alternatives(): Part {
    if (++this.depth > DEEPEST) throw new RunsAway(`is nested more than ${DEEPEST} deep`);
    const begins: string[] = [];
    const parts: Part[] = [];
    do {
      begins.push(this.text.slice(this.at, this.at + 1));
      parts.push(this.sequence());
    } while (this.take('|'));
    this.depth--;
    if (parts.length === 1) return parts[0]!;
    const letters = begins.every((begin) => /[\p{L}\p{N}]/u.test(begin)) && new Set(begins).size === begins.length;
    return {
      least: smallest(parts.map(({ least }) => least)),
      ambiguous: !letters || parts.some(({ ambiguous }) => ambiguous),
      loops: largest(parts.map(({ loops }) => loops)),
      needed: parts.every(({ needed }) => needed),
    };
  }

  private sequence(): Part {
    let whole = EMPTY;
    while (this.at < this.text.length && !'|)'.includes(this.text[this.at]!))
      whole = this.follow(whole, this.repeated());
    return whole;
  }

  private repeated(): Part {
    let part = this.atom();
    for (;;) {
      const [all, low, high] = this.quantifier() ?? [];
      if (all === undefined) return part;
      this.at += all.length;
      // `+` behind a quantifier: nothing is given back. (Behind braces it repeats.)
      const possessive = !all.endsWith('}') && this.take('+');
      if (!possessive) this.take('?');
      part = repeat(part, low!, high!, possessive);
    }
  }

  private quantifier(): [string, number, number] | undefined {
    const rest = this.text.slice(this.at, this.at + 24);
    if (rest.startsWith('*')) return ['*', 0, Infinity];
    if (rest.startsWith('+')) return ['+', 1, Infinity];
    if (rest.startsWith('?')) return ['?', 0, 1];
    const [all, low, comma, high] = /^\{(\d*)(,?)(\d*)\}/.exec(rest) ?? [];
    if (all === undefined || (low === '' && high === '')) return undefined;
    return [all, Number(low), comma === '' ? Number(low) : high === '' ? Infinity : Number(high)];
  }

  private atom(): Part {
    const character = this.text[this.at++]!;
    if (character === '(') return this.group();
    if (character === '[') return this.characterClass();
    if (character === '^' || character === '$') return ASSERTION;
    if (character === '\\') return this.escape();
    return ONE;
  }

  private escape(): Part {
    const character = this.text[this.at++] ?? '';
    if (/[cCM]/.test(character)) throw new RunsAway('holds an escaped control character, which is not known');
    if (/[AbBGzZKyY]/.test(character)) return ASSERTION;
    // \p{L}, \x{2581}, \k<name>
    const braces = /^(?:\{[^}]*\}|<[^>]*>)/.exec(this.text.slice(this.at, this.at + 80));
    if (/[pPxuokg]/.test(character) && braces) this.at += braces[0].length;
    // What a group matched before, of any length.
    if (/[1-9kg]/.test(character)) return { least: 0, ambiguous: true, loops: 0, needed: true };
    if (/[RX]/.test(character)) return { least: 1, ambiguous: true, loops: 0, needed: true };
    return ONE;
  }

  private characterClass(): Part {
    this.take('^');
    let depth = 1;
    // A bracket that comes first is a character.
    this.take(']');
    while (depth > 0 && this.at < this.text.length) {
      const character = this.text[this.at++];
      if (character === '\\') this.at++;
      else if (character === '[') depth++;
      else if (character === ']') depth--;
    }
    return ONE;
  }

  private group(): Part {
    const [opening = ''] =
      /^\?(?:#[^)]*|<[=!]|[=!>]|<[^>]*>|'[^']*'|[a-zA-Z-]*:?)/.exec(this.text.slice(this.at)) ?? [];
    this.at += opening.length;
    if (/^\?[a-zA-Z]*x/.test(opening)) throw new RunsAway('is written in extended syntax, which is not known');
    const inner = opening.startsWith('?#') ? EMPTY : this.alternatives();
    this.take(')');
    if (/^\?<?[=!]$/.test(opening)) return { ...inner, least: 0, ambiguous: false, needed: true };
    if (opening === '?>') return { ...inner, ambiguous: false, loops: 0 };
    return inner;
  }

  private follow(before: Part, next: Part): Part {
    if (before.loops > this.mostLoops && next.needed) {
      throw new RunsAway(
        `needs something behind ${before.loops} unbounded repetitions: a text may be tried in very many ways`,
      );
    }
    return {
      least: before.least + next.least,
      ambiguous: before.ambiguous || next.ambiguous,
      loops: before.loops + next.loops,
      needed: before.needed || next.needed,
    };
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }
}

function repeat(part: Part, low: number, high: number, possessive: boolean): Part {
  const unbounded = high > MANY;
  if (unbounded && (part.ambiguous || part.least === 0)) {
    throw new RunsAway('repeats a part that can match in several ways: a text may be tried in very many ways');
  }
  const loops = part.loops * Math.min(Math.max(low, high), MANY) + (unbounded ? 1 : 0);
  return {
    least: part.least * low,
    ambiguous: !possessive && (part.ambiguous || low !== high),
    loops: possessive ? 0 : loops,
    needed: part.needed && low > 0,
  };
}
