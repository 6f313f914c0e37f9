//! JavaScript, Kotlin, PHP, Python, Ruby, Scala and TypeScript.

use heptad_core::code::Language;

use super::check;

#[test]
fn javascript() {
    check(
        Language::JavaScript,
        r#"import fs, { join as j } from "fs";
const { a, x: b = 1, y: [c, ...d] } = load();
let e = 1, f = () => 2, [g, , h] = e;
/** Makes. */
export async function make(n) { const { inner } = n; return new Box(inner); }
"#,
        r#"constant a: const { a, x: b = 1, y: [c, ...d] } = load()
constant b: const { a, x: b = 1, y: [c, ...d] } = load()
constant c: const { a, x: b = 1, y: [c, ...d] } = load()
constant d: const { a, x: b = 1, y: [c, ...d] } = load()
variable e: e = 1
function f: f = ()
variable g: [g, , h] = e
variable h: [g, , h] = e
function make: export async function make(n) — Makes.
call load < d
call Box < make
import fs > default = fs
import fs > join = j
"#,
    );
}

#[test]
fn typescript() {
    check(
        Language::TypeScript,
        r#"import type { T } from "./t";
export const { a, b: { c } }: T = load(), d: number = 1;
/** A box. */
export abstract class Box<K> implements Base<K> {
  private w = 1;
  constructor(readonly n: number) { super(); }
  /** Grows. */
  abstract grow(by: number): void;
}
"#,
        r#"constant a: { a, b: { c } }: T = load()
constant c: { a, b: { c } }: T = load()
constant d: d: number = 1
class Box: export abstract class Box<K> implements Base<K> — A box.
field Box.w: private w = 1
constructor Box.constructor: constructor(readonly n: number)
field Box.n: readonly n: number
method Box.grow: abstract grow(by: number): void — Grows.
type T < c
call load < c
type K < Box
type Base < Box
type K < Box
call super < constructor
import ./t > T
"#,
    );
}

#[test]
fn kotlin() {
    check(
        Language::Kotlin,
        r#"package a.b
import c.D as E
/** A box. */
data class Box(val w: Int, h: Int) : Base(h) {
    companion object {
        const val MAX = 1
    }
    /** Grows. */
    override fun grow(by: Int): Int = resize(by)
}
fun Box.extra() {}
"#,
        r#"module a.b: package a.b
class Box: data class Box(val w: Int, h: Int) : Base(h) — A box.
field Box.w: val w: Int
constant Box.MAX: const val MAX = 1
method Box.grow: override fun grow(by: Int): Int — Grows.
method Box.extra: fun Box.extra()
type E < 
type Int < w
type Int < Box
type Base < Box
type Int < grow
type Int < grow
call resize < grow
type Box < extra
import c > D = E
"#,
    );
}

#[test]
fn scala() {
    check(
        Language::Scala,
        r#"package a.b
import c.{D => E, F}
/** A box. */
case class Box(w: Int) extends Base {
  val p, q = 1
  val (r, s) = pair()
  /** Grows. */
  def grow(by: Int): Int = resize(by)
}
object Box { type Out = Int }
"#,
        r#"module a.b: package a.b
class Box: case class Box(w: Int) extends Base — A box.
field Box.p: val p, q = 1
field Box.q: val p, q = 1
field Box.r: val (r, s) = pair()
field Box.s: val (r, s) = pair()
method Box.grow: def grow(by: Int): Int — Grows.
class Box: object Box
type Box.Out: type Out = Int
type Int < Box
type Base < Box
call pair < s
type Int < grow
type Int < grow
call resize < grow
type Int < Out
import c > D = E
import c > F
"#,
    );
}

#[test]
fn php() {
    check(
        Language::Php,
        r#"<?php
namespace A\B;
use C\{D, E as F};
/** A box. */
class Box extends Base {
    const MAX = 1, MIN = 0;
    private $w, $h = 1;
    public function __construct(private int $n) {}
    /** Grows. */
    public function grow(int $by): int { return $this->resize($by); }
}
"#,
        r#"module A\B: namespace A\B
class Box: class Box extends Base — A box.
constant Box::MAX: MAX = 1
constant Box::MIN: MIN = 0
field Box::$w: $w
field Box::$h: $h = 1
constructor Box::__construct: public function __construct(private int $n)
field Box::$n: private int $n
method Box::grow: public function grow(int $by): int — Grows.
type Base < Box
call $this->resize < grow
import C > D
import C > E = F
"#,
    );
}

#[test]
fn ruby() {
    check(
        Language::Ruby,
        r#"require "set"
# A box.
class Box < Base
  attr_reader :w, :h
  MAX, MIN = 1, 0
  # Grows.
  def grow(by) = resize(by)
  def self.make; new; end
end
"#,
        r#"class Box: class Box < Base — A box.
field Box::w: attr_reader :w, :h
field Box::h: attr_reader :w, :h
constant Box::MAX: MAX, MIN = 1, 0
constant Box::MIN: MAX, MIN = 1, 0
method Box::grow: def grow(by) — Grows.
method Box::make: def self.make
call require < 
type Base < Box
call attr_reader < Box
call resize < grow
import set
"#,
    );
}

#[test]
fn python() {
    check(
        Language::Python,
        r#"import os.path as p
from a import b as c, d
first, (second, *rest) = load()
MAX = 1
class Box(Base):
    """A box."""
    w: int = 1
    @staticmethod
    async def grow(by: int = 1) -> int:
        """Grows."""
        x, self.y = resize(by)
"#,
        r#"variable first: first, (second, *rest) = load()
variable second: first, (second, *rest) = load()
variable rest: first, (second, *rest) = load()
constant MAX: MAX = 1
class Box: class Box(Base) — A box.
field Box.w: w: int = 1
method Box.grow: async def grow(by: int = 1) -> int — Grows.
call load < rest
type Base < 
type int < w
annotation staticmethod < Box
type int < grow
type int < grow
call resize < grow
import os.path = p
import a > b = c
import a > d
"#,
    );
}
