import fs, { readFile as read, writeFile } from 'node:fs';
import * as path from "path";
import './side-effect.js';
export { a as b } from './a.js';
export * from './everything.js';
const os = require('os');
const { join, sep: separator } = require('path');

/**
 * Adds numbers.
 * @param {number} a
 */
export async function add(a, b = 1) {
  const local = a;
  return a + b;
}

// Not documentation.
const LIMIT = 10, other = 2;
let counter = 0;

/** Doubles. */
export const double = (x) => x * 2;

const old = function named(y) { return helper(y); };

export default class Stack extends Base.Inner {
  #secret = 1;
  static create = () => new Stack();
  constructor(items) { super(items); }
  get top() { return this.items.at(-1); }
  async *each() { yield* this.items; }
}

function* generate() {}

module.exports.load = function (file) { return read(file); };
exports.LIMIT = LIMIT;
Stack.prototype.late = () => 1;

const View = () => <Panel onClick={() => go()}><p>hi</p></Panel>;
