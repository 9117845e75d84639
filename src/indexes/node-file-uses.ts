import { attempt, defineIndex } from '../evidence/need.ts';
import { controlPlanePods, staticPods } from '../evidence/sources/control-plane.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import { startedProgram } from './certificate-settings.ts';
import type { RoleId } from './certificate-role.ts';
import { flaggedFiles } from './file-flags.ts';
import { roleOfNodeFile } from './node-file-roles.ts';

/** What the certificate files of the nodes are used for. */
export interface NodeFileUses {
  /** Nothing where nothing says so; several where one file serves several purposes. */
  readonly rolesOf: (node: string, path: string) => readonly RoleId[];
}

/**
 * What the files are used for: by the flags of the static pods of their node, and where those name no file that was found,
 * by the names that distributions give them. A file whose place another one has taken is used for nothing.
 */
export const nodeFileUses = defineIndex({
  id: 'node-file-uses',
  needs: { files: attempt(nodeFiles), pods: attempt(controlPlanePods) },
  build({ files, pods }): NodeFileUses {
    const mirrors = staticPods('value' in pods ? pods.value : []);
    const uses = new Map(('value' in files ? files.value : []).flatMap(each => {
      if (!('value' in each)) return [];
      const all = new Set(each.value.files.map(({ path }) => path));
      const flagged = mirrors.filter(({ spec }) => spec?.nodeName === each.of).flatMap(pod => startedProgram(pod) ?? []).flatMap(flaggedFiles).filter(({ path }) => all.has(path));
      const taken = new Set(flagged.map(({ role }) => role));
      const byName = [...all].flatMap(path => {
        const role = roleOfNodeFile(path, each.of, all);
        return role === undefined || taken.has(role) ? [] : [{ path, role }];
      });
      return [[each.of, Map.groupBy([...flagged, ...byName], ({ path }) => path)] as const];
    }));
    return { rolesOf: (node, path) => [...new Set((uses.get(node)?.get(path) ?? []).map(({ role }) => role))] };
  },
});
