import { escalationPrimitives } from '../data/escalation-primitives.ts';
import { FACTS, type CapabilityLeg, type EscalationPrimitive } from '../data/escalation/primitive.ts';
import { ruleAllows, type PolicyRule } from './rbac-matcher.ts';

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

/** Evidence is frozen, so a list of rules always compiles to the same; graphs are built several times over one list. */
const byList = new WeakMap<readonly PolicyRule[], readonly [Mask, Mask]>();

/** Compiles rules to masks; equal lists of rules are looked at once. */
export function capabilityCompiler(): (rules: readonly PolicyRule[], reach: 'cluster' | 'namespace') => Mask {
  const byContent = new Map<string, readonly [Mask, Mask]>();
  return (rules, reach) => {
    const known = byList.get(rules) ?? compile(rules);
    return known[reach === 'cluster' ? 0 : 1];
  };

  function compile(rules: readonly PolicyRule[]): readonly [Mask, Mask] {
    const content = JSON.stringify(rules);
    let masks = byContent.get(content);
    if (masks === undefined) {
      const whole = empty();
      for (const [bit, atom] of atoms.entries()) if (rules.some(rule => holdsLeg(rule, atom))) set(whole, bit);
      masks = [whole, whole.map((word, at) => word & ~(clusterOnly[at] ?? 0))];
      byContent.set(content, masks);
    }
    byList.set(rules, masks);
    return masks;
  }
}

/** Whether a mask has anything that leads on. */
export function isUseful(mask: Mask): boolean {
  return mask.some((word, at) => (word & (useful[at] ?? 0)) !== 0);
}

export function union(a: Mask | undefined, b: Mask | undefined): Mask | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  return a.map((word, at) => word | (b[at] ?? 0));
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
