/** A TLS 1.2 flight around a certificate: ServerHello, Certificate, CertificateRequest and ServerHelloDone (RFC 5246, 7.4). */
export function flightAround(certificate: Buffer): Buffer {
  const vector = (size: number, content: Buffer): Buffer => {
    const length = Buffer.alloc(size);
    length.writeUIntBE(Math.min(content.length, 2 ** (8 * size) - 1), 0, size);
    return Buffer.concat([length, content]);
  };
  const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.of(type), vector(3, body)]);
  const hello = Buffer.concat([Buffer.of(3, 3), Buffer.alloc(32, 7), Buffer.of(0, 0xc0, 0x2f, 0)]);
  const messages = Buffer.concat([
    message(2, hello),
    message(11, vector(3, vector(3, certificate))),
    message(13, Buffer.concat([vector(1, Buffer.of(1, 64)), vector(2, Buffer.of(4, 3)), vector(2, vector(2, Buffer.from('300d310b300906035504030c02616f', 'hex')))])),
    message(14, Buffer.alloc(0)),
  ]);
  return Buffer.concat([Buffer.of(22, 3, 3), vector(2, messages)]);
}
