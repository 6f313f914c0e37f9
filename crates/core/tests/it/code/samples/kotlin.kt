package org.example

import kotlin.math.max
import java.util.List as JList
import org.other.*

/** The most. */
const val LIMIT = 10
var names: List<String> = listOf()

/** A stack. */
@Suppress("x")
data class Stack<T>(val items: MutableList<T>) : Base(), Iterable<T> {
    private val size: Int = 0

    /** Pushes. */
    override suspend fun push(item: T): Boolean {
        val local = max(1, 2)
        return items.add(item)
    }

    companion object {
        fun create() = Stack<Int>(mutableListOf())
    }
}

interface Shape {
    fun area(): Double
}
enum class Colour { RED, GREEN }
object Single
typealias Alias = Stack<Int>
fun String.shout() = this.uppercase()
