import { Duplex } from 'node:stream';

/** The subprotocol that kubelets have served since 1.6, and API servers pass through (cri-streaming, portforward/websocket.go). */
export const PORT_FORWARD_PROTOCOL = 'v4.channel.k8s.io';

const CHANNEL = { data: 0, error: 1 } as const;
/** More than any reason that a runtime gives. */
const LONGEST_REASON = 4096;

/** The tunnel is there and leads nowhere. The message is the container runtime's own, one line, bounded; it is no sentence for people. */
export class TunnelEnd extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TunnelEnd';
  }
}

/**
 * A stream to one port out of a WebSocket for one port. Every message begins with the number of a channel, and the
 * first on each with the port; the second channel says why the first leads nowhere.
 * @param messages whole binary messages, as web-socket.ts gives them
 */
export function portForwardStream(messages: Duplex): Duplex {
  const begun = new Set<number>();
  let reason = '';
  let hasEnded = false;

  const stream = new Duplex({
    read: () => void messages.resume(),
    write(chunk: Buffer, _encoding, done) {
      // A tunnel that has ended takes nothing more; its end is told by its own event.
      if (messages.destroyed || messages.writableEnded) { done(); return; }
      messages.write(Buffer.concat([Buffer.of(CHANNEL.data), chunk]), error => done(error));
    },
    destroy(error, done) {
      messages.destroy();
      done(error);
    },
  });

  messages.on('data', (message: Buffer) => {
    const channel = message[0];
    if (channel !== CHANNEL.data && channel !== CHANNEL.error) return void stream.destroy(new TunnelEnd('it speaks another protocol'));
    const isFirst = !begun.has(channel);
    begun.add(channel);
    const content = message.subarray(isFirst ? 3 : 1);
    if (content.length === 0) return;
    if (channel === CHANNEL.data) {
      if (!stream.push(content)) messages.pause();
      return;
    }
    reason = (reason + content.toString('utf8')).replaceAll(/\s+/g, ' ').slice(0, LONGEST_REASON);
    stream.destroy(new TunnelEnd(reason));
  });
  messages.on('end', end);
  messages.on('error', (error: Error) => stream.destroy(error));
  messages.on('close', end);
  function end(): void {
    if (hasEnded || stream.destroyed) return;
    hasEnded = true;
    stream.push(null);
  }
  return stream;
}
