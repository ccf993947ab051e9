/** Upper bounds of the latency histogram in seconds: three a decade from 0.1 ms to 100 s. */
export const BUCKETS = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100,
];

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "aborted"] as const;
export type StatusClass = (typeof CLASSES)[number];

class VersionMetrics {
  readonly requests = new Map<StatusClass, number>();
  readonly buckets = new Float64Array(BUCKETS.length + 1);
  seconds = 0;
  inFlight = 0;
  retries = 0;
  connectFailures = 0;
}

export interface VersionCounts {
  requests: Record<string, number>;
  in_flight: number;
  retries: number;
  connect_failures: number;
}

/** Counters by version. A version that left the route keeps its counters: a counter never goes back. */
export class RouterMetrics {
  readonly #versions = new Map<string, VersionMetrics>();
  /** Answered by the router itself because no version was chosen. */
  readonly #refused = new Map<string, number>();
  /** In flight by endpoint: when it is zero the process may go. */
  readonly #endpoints = new Map<string, number>();

  #of(version: string): VersionMetrics {
    let found = this.#versions.get(version);
    if (found === undefined) {
      found = new VersionMetrics();
      this.#versions.set(version, found);
    }
    return found;
  }

  begin(version: string): void {
    this.#of(version).inFlight += 1;
  }

  /** @param status HTTP status, or null when the client went away before an answer. */
  end(version: string, status: number | null, seconds: number): void {
    const metrics = this.#of(version);
    metrics.inFlight -= 1;
    const key = status === null ? "aborted" : (`${Math.floor(status / 100)}xx` as StatusClass);
    metrics.requests.set(key, (metrics.requests.get(key) ?? 0) + 1);
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    metrics.buckets[bucket < 0 ? BUCKETS.length : bucket]! += 1;
    metrics.seconds += seconds;
  }

  beginAt(endpoint: string): void {
    this.#endpoints.set(endpoint, (this.#endpoints.get(endpoint) ?? 0) + 1);
  }

  endAt(endpoint: string): void {
    const left = (this.#endpoints.get(endpoint) ?? 1) - 1;
    if (left > 0) this.#endpoints.set(endpoint, left);
    else this.#endpoints.delete(endpoint);
  }

  inFlightAt(): Record<string, number> {
    return Object.fromEntries(this.#endpoints);
  }

  retry(version: string): void {
    this.#of(version).retries += 1;
  }

  connectFailure(version: string): void {
    this.#of(version).connectFailures += 1;
  }

  refuse(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  inFlight(version?: string): number {
    if (version !== undefined) return this.#versions.get(version)?.inFlight ?? 0;
    return [...this.#versions.values()].reduce((sum, metrics) => sum + metrics.inFlight, 0);
  }

  counts(): Record<string, VersionCounts> {
    return Object.fromEntries(
      [...this.#versions].map(([name, m]) => [
        name,
        {
          requests: Object.fromEntries(m.requests),
          in_flight: m.inFlight,
          retries: m.retries,
          connect_failures: m.connectFailures,
        },
      ]),
    );
  }

  /** Prometheus text format 0.0.4. */
  render(route: { generation: number; versions: { name: string; weight: number }[] }): string {
    const versions = [...this.#versions].sort(([a], [b]) => a.localeCompare(b));
    const lines: string[] = [];
    const family = (name: string, type: string, help: string, samples: string[]): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
    };
    family(
      "iapp_router_requests_total",
      "counter",
      "Requests by version and class of the answer.",
      versions.flatMap(([name, m]) =>
        CLASSES.map(
          (code) => `iapp_router_requests_total{version="${name}",code="${code}"} ${m.requests.get(code) ?? 0}`,
        ),
      ),
    );
    family(
      "iapp_router_request_duration_seconds",
      "histogram",
      "From the request's headers to the end of its answer.",
      versions.flatMap(([name, m]) => histogram(name, m)),
    );
    const simple: [string, string, string, (m: VersionMetrics) => number][] = [
      ["iapp_router_requests_in_flight", "gauge", "Requests that wait for their answer.", (m) => m.inFlight],
      ["iapp_router_retries_total", "counter", "Second attempts after a failure to connect.", (m) => m.retries],
      ["iapp_router_connect_failures_total", "counter", "Failures to connect.", (m) => m.connectFailures],
    ];
    for (const [name, type, help, value] of simple) {
      const samples = versions.map(([version, m]) => `${name}{version="${version}"} ${value(m)}`);
      family(name, type, help, samples);
    }
    family(
      "iapp_router_refused_total",
      "counter",
      "Requests that the router answered itself.",
      [...this.#refused].map(([reason, count]) => `iapp_router_refused_total{reason="${reason}"} ${count}`),
    );
    family(
      "iapp_router_weight",
      "gauge",
      "Share of new requests in thousandths.",
      route.versions.map(({ name, weight }) => `iapp_router_weight{version="${name}"} ${weight}`),
    );
    family("iapp_router_generation", "gauge", "Generation of the route that is applied.", [
      `iapp_router_generation ${route.generation}`,
    ]);
    return `${lines.join("\n")}\n`;
  }
}

function histogram(version: string, metrics: VersionMetrics): string[] {
  const name = "iapp_router_request_duration_seconds";
  let sum = 0;
  const samples = [...metrics.buckets].map((count, i) => {
    sum += count;
    return `${name}_bucket{version="${version}",le="${BUCKETS[i] ?? "+Inf"}"} ${sum}`;
  });
  return [
    ...samples,
    `${name}_sum{version="${version}"} ${metrics.seconds}`,
    `${name}_count{version="${version}"} ${sum}`,
  ];
}
