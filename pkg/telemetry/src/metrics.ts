import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What goREgo counts, for Prometheus. One for each process; the names are a promise to dashboards. */
export class Metrics {
  readonly #registry = new Registry();

  readonly calls: Counter<'method' | 'code'> = this.#counter('gorego_calls_total', 'Calls answered', [
    'method',
    'code',
  ]);
  readonly actions: Counter<'outcome'> = this.#counter('gorego_actions_total', 'Action results asked for', ['outcome']);
  readonly blobBytes: Counter<'direction'> = this.#counter(
    'gorego_blob_bytes_total',
    'Bytes of blobs served and stored',
    ['direction'],
  );
  readonly backingCacheUp: Gauge = new Gauge({
    name: 'gorego_backing_cache_up',
    help: '1 while the backing cache is asked, 0 while its circuit is open',
    registers: [this.#registry],
  });
  readonly downloads: Counter<'joined'> = this.#counter(
    'gorego_backing_cache_downloads_total',
    'Misses of tier 1 that the backing cache was asked for, or that joined such a download',
    ['joined'],
  );
  readonly repairs: Counter<'outcome'> = this.#counter(
    'gorego_backing_cache_repairs_total',
    'Blobs that the backing cache lost and tier 1 still had',
    ['outcome'],
  );
  readonly touches: Counter = this.#counter(
    'gorego_backing_cache_touches_total',
    'Blobs the backing cache was told are in use',
  );
  readonly staleResults: Counter = this.#counter(
    'gorego_backing_cache_stale_results_total',
    'Action results served from tier 1 because the backing cache was down',
  );
  readonly nearFailures: Counter<'doing'> = this.#counter(
    'gorego_local_store_failures_total',
    'Failures of tier 1 that were done without',
    ['doing'],
  );

  /** `isProcess` adds what there is to know of the process itself. */
  constructor({ isProcess }: { readonly isProcess: boolean }) {
    if (isProcess) collectDefaultMetrics({ register: this.#registry });
  }

  /** The text that Prometheus scrapes, and its content type. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
