import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What is measured of the local store. */
export interface StoreGauges {
  readonly bytes: () => number;
  readonly limit: () => number;
  readonly blobs: () => number;
}

/** What goREgo counts, for Prometheus. One for each process; the names are a promise to dashboards. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #stores: StoreGauges[] = [];

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

  readonly evictedBlobs: Counter = this.#counter(
    'gorego_local_store_evicted_total',
    'Blobs and results removed for room',
  );
  readonly evictedBytes: Counter = this.#counter('gorego_local_store_evicted_bytes_total', 'Bytes removed for room');
  readonly evictedInGrace: Counter = this.#counter(
    'gorego_local_store_evicted_in_grace_total',
    'Blobs and results removed for room that were used within janitor.grace',
  );
  readonly assets: Counter<'kind' | 'outcome'> = this.#counter(
    'gorego_assets_total',
    'Assets asked for by URI: known, fetched, or failed to be fetched',
    ['kind', 'outcome'],
  );
  readonly assetBytes: Counter = this.#counter('gorego_asset_bytes_total', 'Bytes fetched from where URIs point');

  /** `isProcess` adds what there is to know of the process itself. */
  constructor({ isProcess }: { readonly isProcess: boolean }) {
    if (isProcess) collectDefaultMetrics({ register: this.#registry });
  }

  /** What the local store holds, asked whenever it is scraped. Several are added up. */
  watchStore(store: StoreGauges): void {
    this.#stores.push(store);
    if (this.#stores.length > 1) return;
    const sum = (of: keyof StoreGauges) => () => this.#stores.reduce((total, each) => total + each[of](), 0);
    this.#gauge('gorego_local_store_bytes', 'What the local store takes on the disk', sum('bytes'));
    this.#gauge('gorego_local_store_limit_bytes', 'What the local store may take on the disk now', sum('limit'));
    this.#gauge('gorego_local_store_entries', 'Blobs and results in the local store', sum('blobs'));
  }

  /** The text that Prometheus scrapes, and its content type. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...{ name, help, registers: [this.#registry] },
      collect() {
        this.set(value());
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
