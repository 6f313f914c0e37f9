package org.example

import scala.collection.mutable
import java.util.{List => JList, Map}
import org.other._

/** A stack. */
@deprecated
final case class Stack[T](items: List[T]) extends Base with Shape {
  val size: Int = 0
  private var count = 1

  /** Pushes. */
  override def push(item: T): Stack[T] = {
    val local = math.max(1, 2)
    new Stack(items.appended(item))
  }
}

object Stack { def create(): Stack[Int] = Stack(List(1)) }
trait Shape { def area: Double }
type Alias = Stack[Int]
enum Colour { case Red, Green }
