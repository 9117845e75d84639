/**
 * Why no kubeadm cluster can be started here: nodes are made of Linux namespaces, by root.
 *
 * @returns undefined where it can.
 */
export function whyNoKubeadmCluster(): string | undefined {
  if (process.platform !== 'linux') return `a kubeadm cluster needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a kubeadm cluster needs root, for its network namespaces and containers';
  return undefined;
}
