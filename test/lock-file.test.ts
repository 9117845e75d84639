import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Readonly<Record<string, Locked>> };

// Where a registry does not have a package for another platform, npm leaves it out of the lock file without a word, and
// "npm ci" then refuses the file everywhere.
it('holds every package that a package in it asks for, those for other platforms too', () => {
  const missing = Object.entries(packages).flatMap(([place, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter(name => !isFound(place, name)).map(name => `${place} asks for ${name}`));
  expect(missing).toEqual([]);
});

/** As Node looks for it: beside the package, then further up. */
function isFound(place: string, name: string): boolean {
  const folders = place.split('/node_modules/').map((_, index, parts) => parts.slice(0, parts.length - index).join('/node_modules/'));
  return [...folders.map(folder => (folder === '' ? 'node_modules' : `${folder}/node_modules`)), 'node_modules'].some(folder => Object.hasOwn(packages, `${folder}/${name}`));
}
