#include <stdio.h>
#include "stack.h"

#define LIMIT 10
#define SQUARE(x) ((x) * (x))

/* A stack. */
typedef struct stack {
    int *items;
    size_t size;
} stack_t;

enum colour { RED, GREEN = 2 };

union bits { int a; float b; };

typedef int (*compare)(const void *, const void *);

static int counter = 0;

int push(stack_t *s, int item);

/** Pushes. */
static inline int *push(stack_t *s, int item)
{
    int local = SQUARE(item);
    s->items[s->size++] = local;
    s->notify(s);
    return printf("%d\n", item) ? s->items : NULL;
}
