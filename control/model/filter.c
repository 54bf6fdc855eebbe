/* SPDX-License-Identifier: BSD-3-Clause */
/* filter.c - running a compiled filter over rows. */
#include "control/model/filter.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/filter_priv.h"
#include "control/model/value_parse.h"
#include "control/model/value_print.h"

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->n; i++) {
		free(f->nodes[i].text);
		pattern_free(f->nodes[i].pattern);
	}
	text_free(&f->scratch);
	free(f);
}

/* As print shows it; "" when it is not set. */
static const char *shown(struct filter *f, const struct prop *p, const struct value *v)
{
	text_cut(&f->scratch, 0);
	value_print(p, v, VALUE_ROUTEROS, &f->scratch);
	return f->scratch.len ? f->scratch.s : "";
}

static bool by_sign(enum filter_op op, int c)
{
	switch (op) {
	case FILTER_EQ:
		return c == 0;
	case FILTER_NE:
		return c != 0;
	case FILTER_LT:
		return c < 0;
	case FILTER_GT:
		return c > 0;
	case FILTER_LE:
		return c <= 0;
	case FILTER_GE:
		return c >= 0;
	default:
		return false;
	}
}

static int order_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static bool in_prefix(const struct filter_node *n, const struct value *v)
{
	return v->set && addr_covers(&n->addr, n->prefix_len, &v->addr);
}

static int order_addresses(const struct value *v, const struct filter_node *n)
{
	int c = order_numbers(v->addr.family, n->addr.family);

	if (c == 0)
		c = memcmp(v->addr.bytes, n->addr.bytes, sizeof(v->addr.bytes));
	return c ? c : order_numbers(v->port, n->num);
}

static bool compare(struct filter *f, const struct filter_node *n, const struct value *values)
{
	const struct prop *p = &f->menu->props[n->prop];
	const struct value *v = &values[n->prop];

	if (n->op == FILTER_LIKE)
		return pattern_match(n->pattern, shown(f, p, v));
	if (n->op == FILTER_IN)
		return in_prefix(n, v) && ((p->type != PROP_PREFIX && p->type != PROP_HOST) ||
					   v->prefix_len >= n->prefix_len);
	if (n->as == FILTER_AS_UNSET)
		return (n->op == FILTER_EQ) == (*shown(f, p, v) == '\0');
	if (!v->set)
		return n->op == FILTER_NE;
	if (n->as == FILTER_AS_NUMBER)
		return by_sign(n->op, order_numbers(v->num, n->num));
	if (n->as == FILTER_AS_ADDRESS)
		return by_sign(n->op, order_addresses(v, n));
	return by_sign(n->op, strcmp(shown(f, p, v), n->text));
}

static bool eval(struct filter *f, int index, const struct value *values)
{
	const struct filter_node *n = &f->nodes[index];
	const struct prop *p;

	switch (n->kind) {
	case FILTER_AND:
		return eval(f, n->a, values) && eval(f, n->b, values);
	case FILTER_OR:
		return eval(f, n->a, values) || eval(f, n->b, values);
	case FILTER_NOT:
		return !eval(f, n->a, values);
	case FILTER_TRUTH:
		p = &f->menu->props[n->prop];
		return values[n->prop].set && (p->type != PROP_BOOL || values[n->prop].num);
	case FILTER_COMPARE:
		break;
	}
	return compare(f, n, values);
}

bool filter_match(struct filter *f, const struct value *values)
{
	return eval(f, f->root, values);
}

const struct prop *filter_runtime(const struct filter *f)
{
	for (int i = 0; i < f->n; i++) {
		const struct filter_node *n = &f->nodes[i];
		bool looks = n->kind == FILTER_TRUTH || n->kind == FILTER_COMPARE;

		if (looks && f->menu->props[n->prop].flags & PROP_F_RUNTIME)
			return &f->menu->props[n->prop];
	}
	return NULL;
}
