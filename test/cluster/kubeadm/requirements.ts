/** What a kubeadm cluster needs of the machine; a machine without it is an accepted reason to skip a test. */
export const kubeadmNeeds = {
  linux: 'a kubeadm cluster needs Linux, whose namespaces its nodes are made of',
  root: 'a kubeadm cluster needs root, to make namespaces and containers',
} as const;

/** Why no kubeadm cluster can be started here; undefined where it can. */
export function whyNoKubeadmCluster(): string | undefined {
  if (process.platform !== 'linux') return kubeadmNeeds.linux;
  return process.getuid?.() === 0 ? undefined : kubeadmNeeds.root;
}
