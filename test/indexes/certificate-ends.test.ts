import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientEndsBound, endFrom, kubeletClientEnds } from '../../src/indexes/certificate-ends.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

describe('when a certificate ends of which the seconds left were said', () => {
  it('is what a real kubelet said of the certificate that ends at 2027-11-21T12:15:35Z', () => {
    // Scraped in the second 12:19:01, with 31,535,793.2 seconds left.
    expect(endFrom(31_535_793.2, '2026-11-21T12:19:01Z')).toBe('2027-11-21T12:15:35Z');
  });

  it('is exact in whatever part of its second the program looked', () => {
    fc.assert(fc.property(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), fc.integer({ min: -100_000, max: 40_000_000 }), fc.integer({ min: 1, max: 999 }), (end, left, milliseconds) => {
      const looked = end - left + milliseconds / 1000;
      expect(endFrom(end - looked, at(Math.floor(looked)))).toBe(at(end));
    }));
  });

  it('is exact of seconds that the program has cut to whole ones', () => {
    fc.assert(fc.property(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), fc.integer({ min: 10, max: 40_000_000 }), fc.integer({ min: 1, max: 999 }), (end, left, milliseconds) => {
      const looked = end - left + milliseconds / 1000;
      expect(endFrom(Math.trunc(end - looked), at(Math.floor(looked)))).toBe(at(end));
    }));
  });
});

describe('what API servers show to kubelets', () => {
  const scrape = (count: number, sumSeconds: number, seconds: number): { at: string; count: number; sumSeconds: number } => ({ at: at(1_800_000_000 + seconds), count, sumSeconds });
  const ends = (...pairs: readonly (readonly ReturnType<typeof scrape>[])[]): string[] => kubeletClientEnds(pairs.map(scrapes => ({ scrapes })));

  it('is the step between two scrapes', () => {
    expect(ends([scrape(4, 1000, 0), scrape(5, 1000 + 86_399.5, 1)])).toEqual([at(1_800_000_001 + 86_400)]);
  });
  it('is not known where another client was counted too, or none was', () => {
    expect(ends([scrape(4, 1000, 0), scrape(6, 9000, 1)], [scrape(4, 1000, 0), scrape(4, 1000, 1)], [scrape(4, 1000, 0)], [])).toEqual([]);
  });
  it('is not known where the caller asked kubelets directly, and so showed them something of its own', () => {
    expect(ends([scrape(4, 1000, 0), { ...scrape(5, 87_399.5, 1), isDirect: true } as ReturnType<typeof scrape>])).toEqual([]);
  });
  it('is one certificate where two nodes say the same, and a second began for one of them', () => {
    expect(ends([scrape(1, 0, 0), scrape(2, 499.9, 0)], [scrape(1, 0, 1), scrape(2, 499.5, 1)])).toEqual([at(1_800_000_500)]);
  });
  it('is two where two API servers ask', () => {
    expect(ends([scrape(1, 0, 0), scrape(2, 499.9, 0)], [scrape(1, 0, 0), scrape(2, 899.9, 0)])).toHaveLength(2);
  });
});

describe('the bound by the certificates that an API server took', () => {
  const metrics = (counts: Readonly<Record<string, number>>, start = 1_800_000_000): Parameters<typeof clientEndsBound>[0] => ({
    process_start_time_seconds: [{ labels: {}, value: start + 0.7 }],
    apiserver_client_certificate_expiration_seconds_bucket: Object.entries(counts).map(([le, value]) => ({ labels: { le }, value })),
  });

  it('is the lower end of the lowest bucket that is not empty, from the start on', () => {
    expect(clientEndsBound(metrics({ '0': 0, '1800': 0, '86400': 0, '604800': 3, '+Inf': 5 }))).toBe(at(1_800_086_400));
    expect(clientEndsBound(metrics({ '31104000': 0, '+Inf': 5, '0': 0 }))).toBe(at(1_831_104_000));
  });
  it('is none where one had ended already, or none was shown, or no buckets are there', () => {
    expect(clientEndsBound(metrics({ '0': 1, '1800': 1, '+Inf': 5 }))).toBeUndefined();
    expect(clientEndsBound(metrics({ '0': 0, '+Inf': 0 }))).toBeUndefined();
    expect(clientEndsBound(metrics({}))).toBeUndefined();
    expect(clientEndsBound({})).toBeUndefined();
  });
});
