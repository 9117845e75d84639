import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The server's side of a WebSocket, written from RFC 6455: what a client sends is unmasked, what the server sends is not masked. */
export interface ServerSocket {
  readonly send: (message: Buffer) => void;
  /** One frame as it stands, for what a good server never sends. */
  readonly sendRaw: (bytes: Buffer) => void;
  readonly close: () => void;
  /** Opcode and content of every frame that came, in order. */
  readonly onFrame: (listener: (opcode: number, content: Buffer) => void) => void;
}

/** A frame of a server. */
export function serverFrame(opcode: number, content: Buffer, isLast = true): Buffer {
  const { length } = content;
  const size = length < 126 ? Buffer.of(length) : length < 0x1_0000 ? Buffer.of(126, length >> 8, length & 0xff) : Buffer.of(127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([Buffer.of((isLast ? 0x80 : 0) | opcode), size, content]);
}

/** Agrees to a WebSocket with the subprotocol that was asked for. */
export function acceptWebSocket(request: IncomingMessage, socket: Duplex): ServerSocket {
  const key = String(request.headers['sec-websocket-key']);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${String(request.headers['sec-websocket-protocol'])}\r\n\r\n`);
  return serverSocket(socket);
}

function serverSocket(socket: Duplex): ServerSocket {
  let pending = Buffer.alloc(0);
  const listeners: ((opcode: number, content: Buffer) => void)[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      if (pending.length < 2) return;
      const short = pending[1]! & 0x7f;
      if ((pending[1]! & 0x80) === 0) throw new Error('a client masks what it sends');
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (pending.length < start + 4) return;
      const length = short === 127 ? Number(pending.readBigUInt64BE(2)) : short === 126 ? pending.readUInt16BE(2) : short;
      if (pending.length < start + 4 + length) return;
      const mask = pending.subarray(start, start + 4);
      const content = Buffer.from(pending.subarray(start + 4, start + 4 + length)).map((byte, at) => byte ^ mask[at % 4]!);
      const opcode = pending[0]! & 0x0f;
      pending = pending.subarray(start + 4 + length);
      for (const listener of listeners) listener(opcode, Buffer.from(content));
    }
  });
  return {
    send: message => void socket.write(serverFrame(2, message)),
    sendRaw: bytes => void socket.write(bytes),
    close: () => void socket.end(serverFrame(8, Buffer.of(0x03, 0xe8))),
    onFrame: listener => void listeners.push(listener),
  };
}

/** Leads a tunnel (v4.channel.k8s.io, one port) to a port of 127.0.0.1, as a kubelet does. */
export function forwardTo(port: number, tunnel: ServerSocket): Socket {
  const portBytes = Buffer.of(port & 0xff, port >> 8);
  tunnel.send(Buffer.concat([Buffer.of(0), portBytes]));
  tunnel.send(Buffer.concat([Buffer.of(1), portBytes]));
  const onward = connect(port, '127.0.0.1');
  tunnel.onFrame((opcode, content) => {
    if (opcode === 2 && content[0] === 0) onward.write(content.subarray(1));
    if (opcode === 8) onward.destroy();
  });
  onward.on('data', (chunk: Buffer) => tunnel.send(Buffer.concat([Buffer.of(0), chunk])));
  onward.on('error', error => tunnel.send(Buffer.concat([Buffer.of(1), Buffer.from(`error forwarding port ${port} to pod 0123456789abcdef0123, uid : dial tcp4 127.0.0.1:${port}: connect: connection refused (${error.message})`)])));
  onward.on('close', () => tunnel.close());
  return onward;
}
