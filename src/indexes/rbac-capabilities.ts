import { escalationPrimitives } from '../data/escalation-primitives.ts';
import { FACTS, type CapabilityLeg, type EscalationPrimitive } from '../data/escalation/primitive.ts';
import { ruleAllows, type PolicyRule } from './rbac-matcher.ts';
import { namedRights, type NamedRight } from './rbac-named-rights.ts';

/** One bit for each distinct leg of the catalogue. */
export type Mask = Uint32Array;

/** The primitives that lead on, in the order of the catalogue. */
export const steps: readonly EscalationPrimitive[] = escalationPrimitives.filter(each => !(FACTS as readonly string[]).includes(each.gains) && each.ways.length > 0);

const bitOf = new Map<string, number>();
const atoms: CapabilityLeg[] = [];
for (const way of escalationPrimitives.flatMap(each => each.ways)) {
  for (const leg of way) {
    const key = JSON.stringify(leg);
    if (bitOf.has(key)) continue;
    bitOf.set(key, atoms.length);
    atoms.push(leg);
  }
}
/** The legs about a resource as it stands in a rule; those about a subresource also under that of any resource. */
const bitsOf = Map.groupBy(
  atoms.flatMap((atom, bit) => atom.resources.flatMap(path => (path.includes('/') ? [path, `*/${path.split('/')[1] ?? ''}`] : [path]).map(key => ({ key, bit })))),
  ({ key }) => key,
);
const words = Math.ceil(atoms.length / 32);
const waysOf = steps.map(each => each.ways.map(way => maskOf(way)));
const clusterOnly = maskOf(atoms.filter(each => each.clusterOnly));
const useful = maskOf(steps.flatMap(each => each.ways.flat()));

/** Whether a rule holds a leg, and so any of its verbs on any of its resources. */
export function holdsLeg(rule: PolicyRule, leg: CapabilityLeg): boolean {
  const { names, verbs, group, resources } = leg;
  const isNamed = (rule.resourceNames ?? []).length > 0;
  if (names === 'any' && isNamed) return false;
  const held = names === 'some' ? { ...rule, resourceNames: [] } : rule;
  return resources.some(path => {
    const [resource = '', subresource] = path.split('/');
    return verbs.some(verb => {
      // A create by POST carries no name, so a rule with names allows none.
      if (isNamed && verb === 'create' && subresource === undefined) return false;
      const request = { verb, apiGroup: group, resource, ...(subresource === undefined ? {} : { subresource }) };
      return typeof names === 'string' ? ruleAllows(held, request) : names.some(name => ruleAllows(rule, { ...request, name }));
    });
  });
}

/** What the rules of a role give, worked out once for all of its bindings. */
export interface CompiledRules {
  readonly cluster: Mask;
  readonly namespace: Mask;
  /** Whether any of it leads on. */
  readonly isUseful: boolean;
  readonly named: readonly NamedRight[];
}

/** Evidence is frozen, so a list of rules always compiles to the same; graphs are built several times over one list. */
const byList = new WeakMap<readonly PolicyRule[], CompiledRules>();

/** Compiles rules to masks; equal lists of rules are looked at once. */
export function ruleCompiler(): (rules: readonly PolicyRule[]) => CompiledRules {
  const byContent = new Map<string, CompiledRules>();
  const here = new Map<readonly PolicyRule[], CompiledRules>();
  return rules => {
    let known = here.get(rules) ?? byList.get(rules);
    if (known === undefined) {
      const content = JSON.stringify(rules);
      known = byContent.get(content) ?? compile(rules);
      byContent.set(content, known);
      byList.set(rules, known);
    }
    here.set(rules, known);
    return known;
  };
}

function compile(rules: readonly PolicyRule[]): CompiledRules {
  const whole = empty();
  for (const rule of rules) {
    for (const bit of bitsNear(rule)) {
      const atom = atoms[bit];
      if (atom !== undefined && holdsLeg(rule, atom)) set(whole, bit);
    }
  }
  const cluster = interned(whole);
  const named = namedRights(rules);
  return { cluster, namespace: interned(whole.map((word, at) => word & ~(clusterOnly[at] ?? 0))), isUseful: named.length > 0 || isUseful(cluster), named };
}

/** The legs that a rule may hold, by its resources: most rules are near none. */
function bitsNear({ resources = [] }: PolicyRule): Iterable<number> {
  if (resources.includes('*')) return atoms.keys();
  return resources.flatMap(path => bitsOf.get(path)?.map(({ bit }) => bit) ?? []);
}

function isUseful(mask: Mask): boolean {
  return mask.some((word, at) => (word & (useful[at] ?? 0)) !== 0);
}

/** Equal masks are one, so that what follows from a mask is worked out once. There are as many as kinds of roles held together. */
const masks = new Map<string, Mask>();
const unions = new WeakMap<Mask, WeakMap<Mask, Mask>>();

function interned(mask: Mask): Mask {
  const key = mask.join();
  const known = masks.get(key);
  if (known !== undefined) return known;
  masks.set(key, mask);
  return mask;
}

export function union(a: Mask | undefined, b: Mask | undefined): Mask | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  let withA = unions.get(a);
  if (withA === undefined) unions.set(a, (withA = new WeakMap()));
  let both = withA.get(b);
  if (both === undefined) withA.set(b, (both = interned(a.map((word, at) => word | (b[at] ?? 0)))));
  return both;
}

/** The indexes into {@link steps} that a mask allows. */
export function stepsOf(mask: Mask): number[] {
  const found: number[] = [];
  for (let at = 0; at < steps.length; at += 1) {
    if (waysOf[at]?.some(way => way.every((word, place) => (word & ~(mask[place] ?? 0)) === 0)) === true) found.push(at);
  }
  return found;
}

/** Whether a mask has a leg of the catalogue. */
export function hasLeg(mask: Mask, leg: CapabilityLeg): boolean {
  const bit = bitOf.get(JSON.stringify(leg));
  if (bit === undefined) throw new Error(`${leg.verbs.join(' ')} ${leg.resources.join(' ')} is no leg of the catalogue`);
  return ((mask[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0;
}

function maskOf(legs: readonly CapabilityLeg[]): Mask {
  const mask = empty();
  for (const leg of legs) set(mask, bitOf.get(JSON.stringify(leg)) ?? 0);
  return mask;
}

function empty(): Mask {
  return new Uint32Array(words);
}

function set(mask: Mask, bit: number): void {
  mask[bit >> 5] = (mask[bit >> 5] ?? 0) | (1 << (bit & 31));
}
