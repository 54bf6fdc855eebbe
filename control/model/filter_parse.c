/* SPDX-License-Identifier: BSD-3-Clause */
/* filter_parse.c - from a filter expression to a tree of nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/duration.h"
#include "control/model/filter_priv.h"
#include "control/model/suggest.h"
#include "control/model/value_parse.h"

struct parser {
	struct filter *f;
	struct filter_lex lex;
	struct text *why, *hint;
	int depth;
};

static int parse_expr(struct parser *p);

static int fail(struct parser *p, const char *what)
{
	text_printf(p->why, "where: %s at character %zu", what,
		    (size_t)(p->lex.p - p->lex.start) + 1);
	return -1;
}

static int new_node(struct parser *p, enum filter_kind kind)
{
	if (p->f->n == FILTER_MAX_NODES)
		return fail(p, "too many conditions");
	p->f->nodes[p->f->n].kind = kind;
	return p->f->n++;
}

static int join_nodes(struct parser *p, enum filter_kind kind, int a, int b)
{
	int n = a < 0 || b < 0 ? -1 : new_node(p, kind);

	if (n >= 0) {
		p->f->nodes[n].a = a;
		p->f->nodes[n].b = b;
	}
	return n;
}

static int find_prop(struct parser *p, const char *name, size_t len)
{
	const struct menu *menu = p->f->menu;
	char word[SUGGEST_MAX_LEN + 2] = "", hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	if (len < sizeof(word))
		memcpy(word, name, len);
	for (size_t i = 0; i < menu->n_props; i++)
		if (strcmp(menu->props[i].name, word) == 0 &&
		    !(menu->props[i].flags & PROP_F_REFUSED))
			return (int)i;
	suggest_start(&near, word);
	for (size_t i = 0; i < menu->n_props; i++)
		if (!(menu->props[i].flags & PROP_F_REFUSED))
			suggest_offer(&near, menu->props[i].name);
	text_printf(p->why, "where: /%s has no property \"%.*s\"%s", menu->path,
		    (int)(len < 80 ? len : 80), name, suggest_text(&near, hint, sizeof(hint)));
	return -1;
}

static int set_pattern(struct parser *p, struct filter_node *n, const char *text)
{
	char why[128];

	n->pattern = pattern_new(text, why, sizeof(why));
	return n->pattern ? 0 : fail(p, why);
}

/* As a number, where the type is one. 1 = it is not such a type. */
static int set_number(struct filter_node *n, const struct prop *prop, const char *text)
{
	n->as = FILTER_AS_NUMBER;
	switch (prop->type) {
	case PROP_BOOL:
		n->num = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
		return n->num || strcmp(text, "no") == 0 || strcmp(text, "false") == 0 ? 0 : -1;
	case PROP_INT:
		n->num = VALUE_ANY;
		if (prop->domain->off && strcmp(text, prop->domain->off) == 0)
			return 0;
		/* fall through */
	case PROP_COUNT:
	case PROP_SPI:
		return value_parse_number(text, &n->num);
	case PROP_TIME:
		if (prop->domain->off && strcmp(text, prop->domain->off) == 0)
			return 0;
		return duration_parse(text, &n->num);
	case PROP_DATE:
		return duration_parse_date(text, &n->num);
	case PROP_PORT:
		/* several are above or below by their first one, and equal to themselves */
		if (n->op == FILTER_EQ || n->op == FILTER_NE) {
			n->as = FILTER_AS_TEXT;
			return 1;
		}
		n->num = VALUE_ANY;
		return strcmp(text, "any") == 0 ? 0 : value_parse_number(text, &n->num);
	default:
		n->as = FILTER_AS_TEXT;
		return 1;
	}
}

/* As an address, where the type has one and the text is one: 192.0.2.1, 192.0.2.1:4500,
 * 2001:db8::1, [2001:db8::1]:4500. */
static bool set_address(struct filter_node *n, const struct prop *prop, const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *host_at = end ? text + 1 : text, *port = NULL;
	char host[ADDR_MAX_TEXT];

	if (!end)
		end = strchr(text, '.') ? strchrnul(text, ':') : strchr(text, '\0');
	if (end[*end == ']'] == ':')
		port = end + (*end == ']') + 1;
	else if (end[*end == ']'] != '\0')
		return false;
	if ((prop->type != PROP_ADDRESS && prop->type != PROP_ENDPOINT) ||
	    (size_t)(end - host_at) >= sizeof(host))
		return false;
	memcpy(host, host_at, (size_t)(end - host_at));
	host[end - host_at] = '\0';
	n->num = 0;
	if (port && (prop->type != PROP_ENDPOINT || value_parse_number(port, &n->num)))
		return false;
	if (addr_parse(host, &n->addr))
		return false;
	n->as = FILTER_AS_ADDRESS;
	return true;
}

static int set_value(struct parser *p, struct filter_node *n, const char *text)
{
	const struct prop *prop = &p->f->menu->props[n->prop];
	bool order = n->op != FILTER_EQ && n->op != FILTER_NE;
	int rc;

	if (n->op == FILTER_LIKE)
		return set_pattern(p, n, text);
	if (n->op == FILTER_IN) {
		if (prop->type != PROP_ADDRESS && prop->type != PROP_PREFIX &&
		    prop->type != PROP_HOST && prop->type != PROP_ENDPOINT)
			return fail(p, "\"in\" needs a property that is an address");
		return value_parse_prefix(text, &n->addr, &n->prefix_len)
			       ? fail(p, "\"in\" needs a network like 10.0.0.0/8 or 2001:db8::/32")
			       : 0;
	}
	if (*text == '\0' && !order) {
		n->as = FILTER_AS_UNSET;
		return 0;
	}
	rc = set_number(n, prop, text);
	if (rc < 0) {
		text_printf(p->why, "where: %s: \"%.80s\" is not a value it can have", prop->name,
			    text);
		return -1;
	}
	if (rc == 0 || set_address(n, prop, text))
		return 0;
	if (order && (prop->type == PROP_ADDRESS || prop->type == PROP_ENDPOINT))
		return fail(p, "not an address");
	n->text = strdup(text);
	if (!n->text)
		return fail(p, "not enough memory");
	if (!order && strpbrk(text, "^$*+?[|"))
		text_printf(p->hint,
			    "where: %s: \"=\" compares literally; for a pattern use \"~\"\n",
			    prop->name);
	return 0;
}

static int parse_compare(struct parser *p)
{
	struct text value = {0};
	const char *name;
	size_t len = filter_lex_name(&p->lex, &name);
	int prop, node, rc;

	if (len == 0)
		return fail(p, "the name of a property is missing");
	prop = find_prop(p, name, len);
	if (prop < 0)
		return -1;
	if (p->f->menu->props[prop].flags & PROP_F_SECRET)
		return fail(p, "secrets cannot be filtered by,");
	node = new_node(p, FILTER_TRUTH);
	if (node < 0)
		return -1;
	p->f->nodes[node].prop = prop;
	p->f->nodes[node].op = filter_lex_op(&p->lex);
	if (p->f->nodes[node].op == FILTER_NO_OP)
		return node;
	p->f->nodes[node].kind = FILTER_COMPARE;
	rc = filter_lex_value(&p->lex, &value);
	if (rc)
		fail(p, "a value is missing, its quotes are not closed or an escape is unknown");
	else
		rc = set_value(p, &p->f->nodes[node], value.len ? value.s : "");
	text_free(&value);
	return rc ? -1 : node;
}

static int parse_factor(struct parser *p)
{
	int n;

	if (p->depth == FILTER_MAX_DEPTH)
		return fail(p, "nested too deeply");
	p->depth++;
	if (filter_lex_take(&p->lex, "!")) {
		n = parse_factor(p);
		n = join_nodes(p, FILTER_NOT, n, n);
	} else if (filter_lex_take(&p->lex, "(")) {
		n = parse_expr(p);
		if (n >= 0 && !filter_lex_take(&p->lex, ")"))
			n = fail(p, "\")\" is missing");
	} else {
		n = parse_compare(p);
	}
	p->depth--;
	return n;
}

static int parse_term(struct parser *p)
{
	int n = parse_factor(p);

	while (n >= 0 && (filter_lex_take(&p->lex, "and") || filter_lex_take(&p->lex, "&&")))
		n = join_nodes(p, FILTER_AND, n, parse_factor(p));
	return n;
}

static int parse_expr(struct parser *p)
{
	int n = parse_term(p);

	while (n >= 0 && (filter_lex_take(&p->lex, "or") || filter_lex_take(&p->lex, "||")))
		n = join_nodes(p, FILTER_OR, n, parse_term(p));
	return n;
}

struct filter *filter_new(const struct menu *menu, const char *expr, struct text *why,
			  struct text *hint)
{
	struct filter *f = calloc(1, sizeof(*f));
	struct parser p = {.f = f, .lex = {expr, expr}, .why = why, .hint = hint};

	if (!f) {
		text_puts(why, "not enough memory");
		return NULL;
	}
	f->menu = menu;
	if (strlen(expr) > FILTER_MAX_TEXT) {
		text_puts(why, "where: too long");
		goto fail;
	}
	f->root = parse_expr(&p);
	if (f->root < 0)
		goto fail;
	if (filter_lex_peek(&p.lex) != '\0') {
		fail(&p, "\"and\" or \"or\" is missing");
		goto fail;
	}
	return f;
fail:
	filter_free(f);
	return NULL;
}
