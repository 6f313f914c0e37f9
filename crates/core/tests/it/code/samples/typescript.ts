import type { Config } from "./config";
import { Service } from '@angular/core';
import legacy = require("legacy");

/** What can be drawn. */
export interface Shape<T> extends Base {
  /** Its area. */
  readonly area: number;
  draw(context: T): void;
}

export type Pair = [string, number];

export enum Colour { Red = 1, Green }

declare function external(x: number): string;

namespace Geometry.Flat {
  export const PI = 3;
}

@Component({ selector: 'app' })
export abstract class Circle<T> extends Service implements Shape<T> {
  private static count = 0;
  constructor(public readonly radius: number) { super(); }
  get area(): number { return Math.PI * this.radius ** 2; }
  @Input() name?: string;
  abstract draw(context: T): void;
  handler = async (event: Event): Promise<void> => { this.log<string>(event as Config); };
}

export const make = <T,>(radius: number): Circle<T> => new Impl<T>(radius);
let state: Config | undefined;
