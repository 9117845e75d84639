import check from '../../../src/checks/pki/pki-extension-server-unverified.ts';
import { snapshotOf, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';

const service = (spec: object, name = 'v1beta1.metrics.k8s.io'): Manifest => ({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name }, spec });
const local = service({}, 'v1.apps');
const server = { namespace: 'kube-system', name: 'metrics-server' };

describeCheck(check, {
  fails: { 'as metrics-server is installed': [snapshotOf(local, service({ insecureSkipTLSVerify: true, service: server })), 'medium APIService/v1beta1.metrics.k8s.io'] },
  passes: { verified: snapshotOf(local, service({ service: server })), 'said not to skip it': snapshotOf(service({ insecureSkipTLSVerify: false, service: server })) },
  notApplicable: { 'no extension API server': snapshotOf(local) },
});
