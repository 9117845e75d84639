import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-weak-tls',
  title: 'Kubelet accepts weak TLS',
  severity: 'medium',
  rationale:
    'Old protocol versions and ciphers let whoever sits on the network read or change what passes between API server and kubelet: exec sessions, logs, and what is typed into them.',
  remediation: {
    change: changeKubelet('`tlsMinVersion: VersionTLS12` or higher, and leave `tlsCipherSuites` empty or list suites with ECDHE and AES-GCM or ChaCha20 only'),
    mayBreak: 'Clients that know only the old versions or suites are refused. The API server and everything written in Go in the last ten years speak TLS 1.2 with these suites.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.12' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://pkg.go.dev/crypto/tls#InsecureCipherSuites'],

  judge({ tlsMinVersion, tlsCipherSuites }) {
    if (tlsMinVersion === 'VersionTLS10' || tlsMinVersion === 'VersionTLS11') {
      return { does: `accepts ${tlsMinVersion === 'VersionTLS10' ? 'TLS 1.0' : 'TLS 1.1'}`, settings: { tlsMinVersion } };
    }
    // With 1.3 as the lowest version the list has no effect.
    if (tlsMinVersion === 'VersionTLS13') return undefined;
    const broken = tlsCipherSuites.filter(suite => /RC4|3DES/.test(suite));
    const weak = tlsCipherSuites.filter(suite => CBC_WITH_KNOWN_ATTACKS.has(suite));
    if (broken.length + weak.length === 0) return undefined;
    return { does: `accepts ${[...broken, ...weak].join(', ')}`, ...(broken.length > 0 ? {} : { severity: 'low' as const }), settings: { tlsCipherSuites } };
  },
});

/**
 * What Go calls insecure beside RC4 and 3DES (crypto/tls, InsecureCipherSuites). TLS_RSA_WITH_AES_*_GCM stands there too,
 * for its lack of forward secrecy, but the benchmark allows it and Amazon's kubelets list it: no finding.
 */
const CBC_WITH_KNOWN_ATTACKS: ReadonlySet<string> = new Set([
  'TLS_RSA_WITH_AES_128_CBC_SHA',
  'TLS_RSA_WITH_AES_256_CBC_SHA',
  'TLS_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
]);
