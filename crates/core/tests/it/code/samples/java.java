package org.example.stack;

import java.util.List;
import java.util.*;
import static java.lang.Math.max;

/**
 * A stack.
 */
@SuppressWarnings("unchecked")
public final class Stack<T> extends Base<T> implements Iterable<T> {
    /** How many. */
    private static final int LIMIT = 10, OTHER = 11;
    List<T> items;

    public Stack(List<T> items) { this.items = items; }

    @Override
    public <R> R map(Function<T, R> by) throws Exception {
        int local = max(1, 2);
        return by.apply(new Box<T>(items.get(0)).open());
    }

    interface Visitor { void visit(int x); }

    enum Colour { RED, GREEN(1); int code() { return 1; } }

    record Point(int x, int y) { Point { check(x); } }

    @interface Marked { String value() default ""; }
}
