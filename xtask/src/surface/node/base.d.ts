
/** A whole number: a `number` up to 2^53 - 1 on either side of zero, a `bigint` beyond. Both are taken. */
export type Integer = number | bigint;

/** A point in time: RFC 3339. */
export type Timestamp = string;

/** Any JSON. */
export type Json = null | boolean | Integer | string | readonly Json[] | { readonly [name: string]: Json };

/** What an `AbortSignal` is. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: any;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How an operation is called. */
export interface CallOptions {
  /** Gives the operation up when it is aborted; the promise is rejected with its reason. */
  readonly signal?: Signal | undefined;
}

/** How a platform is opened. */
export interface OpenOptions {
  /** The SQLite file that keeps everything, made where it is not there; in memory where it is left out. */
  readonly path?: string | FileUrl | undefined;
  /** A file of settings in TOML. */
  readonly configFile?: string | FileUrl | undefined;
  /** Settings by name, as in `{ "review.rules": "…" }`: they come before the file and the environment. */
  readonly settings?: { readonly [name: string]: unknown } | undefined;
  /**
   * Looks at the variables `HEPTAD_…` of the environment.
   *
   * @defaultValue true
   */
  readonly environment?: boolean | undefined;
}

/** A file URL. */
export interface FileUrl {
  readonly href: string;
  readonly protocol: string;
}

/**
 * What an operation gives one after the other. Leaving a `for await` ends the operation, as `close` does.
 */
export interface Stream<T> extends AsyncIterableIterator<T> {
  [Symbol.asyncIterator](): Stream<T>;
  next(): Promise<IteratorResult<T, undefined>>;
  return(value?: any): Promise<IteratorResult<T, any>>;
  /** Ends it: the operation is given up, and what was not taken is forgotten. */
  close(): void;
}
export const Stream: abstract new () => Stream<unknown>;

/** Opens the platform in the SQLite file `path`, or makes it. */
export function open(path: string | FileUrl, options?: Omit<OpenOptions, "path">): Promise<Heptad>;
/** Opens a platform: in memory, unless `options` says where. */
export function open(options?: OpenOptions): Promise<Heptad>;

/** An open platform, as one principal sees it: a handle for each system. */
export class Heptad {
  private constructor();
// HANDLES
  /** Calls an operation by its name, as in `review.scan`. */
  call(operation: string, request?: object, options?: CallOptions): Promise<Json>;
  /** Calls an operation that streams by its name, as in `events.tail`. */
  stream(operation: string, request?: object, options?: CallOptions): Stream<Json>;
  /**
   * The same platform as somebody sees it who may do no more than `allow` says.
   *
   * @param id - Who it is.
   * @param allow - What they may do: `review.scan`, `search.*`, or `*` for everything.
   */
  asPrincipal(id: string, allow: Iterable<string>): Promise<Heptad>;
  /** The same platform as whoever shows an API key, a session or a token sees it. */
  authenticate(credential: string): Promise<Heptad>;
  /** The same platform as a principal sees it, with the roles assigned to them. That the caller is `id` is for the host to know. */
  signIn(id: string): Promise<Heptad>;
  /** Closes it. What others hold of the same platform stays open. */
  close(): Promise<void>;
}
