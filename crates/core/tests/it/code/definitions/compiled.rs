//! C and its kin, Go, Java, Rust and Swift.

use heptad_core::code::Language;

use super::check;

#[test]
fn c() {
    check(
        Language::C,
        r#"/* Adds. */
static int add(int a, int b) { return helper(a) + b; }
int a, *b, c[3], (*d)(int);
typedef struct node { int x, *y; } Node, *NodePtr;
typedef int (*handler)(void);
#include <stdio.h>
int later(void);
"#,
        r#"function add: static int add(int a, int b) — Adds.
variable a: int a, *b, c[3], (*d)(int)
variable b: int a, *b, c[3], (*d)(int)
variable c: int a, *b, c[3], (*d)(int)
variable d: int a, *b, c[3], (*d)(int)
type Node: typedef struct node { int x, *y; } Node, *NodePtr
type NodePtr: typedef struct node { int x, *y; } Node, *NodePtr
struct node: struct node
field node.x: int x, *y
field node.y: int x, *y
type handler: typedef int (*handler)(void)
function later: int later(void)
call helper < add
import stdio.h
"#,
    );
}

#[test]
fn cpp() {
    check(
        Language::Cpp,
        r#"#include "a.h"
namespace n {
/// A box.
template <typename T> class Box : public Base {
  int w, h;
  void grow(int by);
};
void Box::grow(int by) { resize(by); }
}
using Name = std::string;
"#,
        r#"module n: namespace n
class n::Box: template <typename T> class Box : public Base — A box.
field n::Box::w: int w, h
field n::Box::h: int w, h
method n::Box::grow: void grow(int by)
method n::Box::grow: void Box::grow(int by)
type Name: using Name = std::string
type T < n
type Base < Box
call resize < grow
type string < Name
import a.h
"#,
    );
}

#[test]
fn csharp() {
    check(
        Language::CSharp,
        r#"using System.Text;
namespace N {
    /// <summary>A box.</summary>
    class Box : Base {
        private int w, h = 1;
        public int Size { get; set; }
        public Box(int w) { this.w = w; }
        void Grow(int by) { Resize(by); }
    }
}
"#,
        r#"module N: namespace N
class N.Box: class Box : Base — <summary>A box.</summary>
field N.Box.w: w
field N.Box.h: h = 1
field N.Box.Size: public int Size
constructor N.Box.Box: public Box(int w)
method N.Box.Grow: void Grow(int by)
type Base < Box
call Resize < Grow
import System.Text
"#,
    );
}

#[test]
fn java() {
    check(
        Language::Java,
        r#"package a.b;
import java.util.List;
/** A box. */
public class Box extends Base {
    private int w, h[], d = 1;
    static final int MAX = 1, MIN = 0;
    Box(int w) { this.w = w; }
    /** Grows. */
    @Override void grow(int by) { int local = 1; resize(by); }
}
"#,
        r#"module a.b: package a.b
class Box: public class Box extends Base — A box.
field Box.w: w
field Box.h: h[]
field Box.d: d = 1
constant Box.MAX: MAX = 1
constant Box.MIN: MIN = 0
constructor Box.Box: Box(int w)
method Box.grow: void grow(int by) — Grows.
type Base < Box
annotation Override < grow
call resize < grow
import java.util > List
"#,
    );
}

#[test]
fn go() {
    check(
        Language::Go,
        r#"package p

import (
	"fmt"
	io2 "io"
)

// Kinds.
const (
	A = iota
	B, C = 1, 2
)

var (
	x, y int
	z    = make(map[string]int)
)

type (
	// Box is one.
	Box struct{ w, h int }
	Sizer interface{ Size() int }
)

// Size says.
func (b *Box) Size() int { return fmt.Sprint(b.w) }
"#,
        r#"module p: package p
constant A: A = iota
constant B: B, C = 1, 2
constant C: B, C = 1, 2
variable x: x, y int
variable y: x, y int
variable z: z = make(map[string]int)
struct Box: Box struct{ w, h int } — Box is one.
field Box.w: w, h int
field Box.h: w, h int
interface Sizer: Sizer interface{ Size() int }
method Sizer.Size: Size() int
method Box.Size: func (b *Box) Size() int — Size says.
type int < y
call make < z
type string < z
type int < z
type int < h
type int < Size
type Box < Size
type int < Size
call fmt.Sprint < Size
import fmt
import io = io2
"#,
    );
}

#[test]
fn rust() {
    check(
        Language::Rust,
        r#"use std::{fmt, io::{self as sio, Read}};
/// A box.
#[derive(Debug)]
pub struct Box2<T> { pub w: T }
impl<T: Clone> fmt::Display for Box2<T> {
    /// Shows.
    fn fmt(&self) -> fmt::Result { write(self.w) }
}
trait Sized2 { const MAX: usize; type Out; fn size(&self) -> usize; }
macro_rules! make { () => {} }
"#,
        r#"struct Box2: pub struct Box2<T> — A box.
field Box2::w: pub w: T
implementation Box2: impl<T: Clone> fmt::Display for Box2<T>
method Box2::fmt: fn fmt(&self) -> fmt::Result — Shows.
trait Sized2: trait Sized2
constant Sized2::MAX: const MAX: usize
type Sized2::Out: type Out
method Sized2::size: fn size(&self) -> usize
macro make: macro_rules! make
annotation derive < 
type T < Box2
type T < w
type T < Box2
type Clone < Box2
type Display < Box2
type Box2 < Box2
type T < Box2
type Result < fmt
call write < fmt
import std > fmt
import std::io > self = sio
import std::io > Read
"#,
    );
}

#[test]
fn swift() {
    check(
        Language::Swift,
        r#"import Foundation
/// A box.
struct Box: Base {
    let w = 1, h = 2
    var (p, q) = (1, 2)
    init(w: Int) {}
    /// Grows.
    func grow(by: Int) -> Int { resize(by) }
}
extension Box { func extra() {} }
"#,
        r#"struct Box: struct Box: Base — A box.
constant Box.w: let w = 1, h = 2
constant Box.h: let w = 1, h = 2
field Box.p: var (p, q) = (1, 2)
field Box.q: var (p, q) = (1, 2)
constructor Box.init: init(w: Int)
method Box.grow: func grow(by: Int) -> Int — Grows.
implementation Box: extension Box
method Box.extra: func extra()
type Base < Box
type Int < init
type Int < grow
type Int < grow
call resize < grow
type Box < Box
import Foundation
"#,
    );
}
