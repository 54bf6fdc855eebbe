/* SPDX-License-Identifier: BSD-3-Clause */
/* timers.c - pairing heap of timers; see timers.h. */
#include "control/ike/timers.h"

#include <string.h>

void timers_init_one(struct timer *t, timer_fn *fn)
{
	memset(t, 0, sizeof(*t));
	t->fn = fn;
}

/* Both are roots without siblings; either may be NULL. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *top = a, *low = b;

	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (b->due < a->due) {
		top = b;
		low = a;
	}
	low->prev = top;
	low->sibling = top->child;
	if (low->sibling != NULL)
		low->sibling->prev = low;
	top->child = low;
	return top;
}

/* Melds a list of siblings into one heap: pairs first, then all from the last to the first. */
static struct timer *meld_list(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL, *a, *b, *next;

	for (; first != NULL; first = next) {
		a = first;
		b = a->sibling;
		next = b != NULL ? b->sibling : NULL;
		a->sibling = a->prev = NULL;
		if (b != NULL)
			b->sibling = b->prev = NULL;
		a = meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	for (; pairs != NULL; pairs = next) {
		next = pairs->sibling;
		pairs->sibling = NULL;
		root = meld(root, pairs);
	}
	return root;
}

void timers_arm(struct timers *h, struct timer *t, uint64_t due)
{
	timers_cancel(h, t);
	if (due == TIMERS_NEVER)
		return;
	t->due = due;
	t->armed = true;
	t->child = t->sibling = t->prev = NULL;
	h->root = meld(h->root, t);
	h->count++;
}

void timers_cancel(struct timers *h, struct timer *t)
{
	struct timer *rest;

	if (!t->armed)
		return;
	rest = meld_list(t->child);
	if (t == h->root) {
		h->root = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->sibling;
		else
			t->prev->sibling = t->sibling;
		if (t->sibling != NULL)
			t->sibling->prev = t->prev;
		h->root = meld(h->root, rest);
	}
	t->child = t->sibling = t->prev = NULL;
	t->armed = false;
	h->count--;
}

struct timer *timers_pop(struct timers *h, uint64_t now)
{
	struct timer *t = h->root;

	if (t == NULL || t->due > now)
		return NULL;
	timers_cancel(h, t);
	return t;
}

uint64_t timers_next(const struct timers *h)
{
	return h->root != NULL ? h->root->due : TIMERS_NEVER;
}
