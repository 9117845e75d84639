import type { Answer, ApiClient, StreamedAnswer } from '../cluster/api-client.ts';

/** The same client, with some answers at hand: a path that was asked once is not asked again. */
export function withAnswers(client: ApiClient, answers: ReadonlyMap<string, Answer> | undefined): ApiClient {
  if (answers === undefined) return client;
  return {
    ...client,
    get(path, options) {
      const known = options?.freshConnection === true ? undefined : answers.get(path);
      return known === undefined ? client.get(path, options) : Promise.resolve(known);
    },
  };
}

/** The same client, counting what passes. */
export function metered(client: ApiClient): { client: ApiClient; requests: () => number; bytes: () => number } {
  let requests = 0;
  let bytes = 0;
  const streams: StreamedAnswer[] = [];
  async function counted(answer: Promise<Answer>): Promise<Answer> {
    requests += 1;
    const answered = await answer;
    bytes += answered.bytes;
    return answered;
  }
  async function countedStream(answer: Promise<StreamedAnswer>): Promise<StreamedAnswer> {
    requests += 1;
    const opened = await answer;
    streams.push(opened);
    return opened;
  }
  return {
    client: {
      ...client,
      getStream: (path, options) => countedStream(client.getStream(path, options)),
      get: (path, options) => counted(client.get(path, options)),
      selfReview: (path, body) => counted(client.selfReview(path, body)),
      createNodeFilesPod: (pod, how) => counted(client.createNodeFilesPod(pod, how)),
      deleteNodeFilesPod: pod => counted(client.deleteNodeFilesPod(pod)),
      handshakeThroughPod: (...asked) => {
        requests += 1;
        return client.handshakeThroughPod(...asked);
      },
      handshakeWithNode: (...asked) => {
        requests += 1;
        return client.handshakeWithNode(...asked);
      },
      askAsStranger: async (...asked) => {
        requests += 1;
        const answer = await client.askAsStranger(...asked);
        if (answer !== 'closed') bytes += answer.bytes;
        return answer;
      },
      getFromKubelet: async (...asked) => {
        requests += 1;
        const answer = await client.getFromKubelet(...asked);
        if (answer !== 'untrusted') bytes += answer.bytes;
        return answer;
      },
    },
    requests: () => requests,
    bytes: () => streams.reduce((sum, stream) => sum + stream.bytes(), bytes),
  };
}
