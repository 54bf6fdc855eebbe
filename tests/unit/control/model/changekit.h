/* SPDX-License-Identifier: BSD-3-Clause */
/* changekit.h - changes of configurations for tests. */
#ifndef ESPGW_TEST_CHANGEKIT_H
#define ESPGW_TEST_CHANGEKIT_H

#include "load.h"

#include <errno.h>

#include "control/model/change.h"
#include "control/model/source.h"

#define HEAD "interface = ( { name = \"lan\"; device = \"d\"; } );\n"

static struct problems problems;
static struct change_made made;
static struct text why;

static inline void pair(struct change *c, int prop, const char *text)
{
	c->pair[c->n_pairs++] =
		(struct change_pair){.prop = prop, .text = text ? strdup(text) : NULL};
}

/* The change, freed; the result stays in made, the reason in why. */
static inline int make(struct change *c)
{
	int rc;

	change_made_free(&made);
	text_free(&why);
	problems_init(&problems);
	rc = change_make(c, "t.conf", &made, &problems, &why);
	problems_free(&problems);
	change_free(c);
	return rc;
}

static inline void write_conf(const char *text)
{
	load_write("t.conf", text, strlen(text), 0600);
}

/* The change of this file makes that one, and it loads. */
static inline void assert_makes(struct change *c, const char *from, const char *to)
{
	struct source_instead in;
	struct model *m;

	write_conf(from);
	if (make(c)) {
		print_error("%s\n", why.s ? why.s : "");
		fail();
	}
	assert_string_equal(made.text.s, to);
	assert_string_equal(made.path, "t.conf");
	in = (struct source_instead){made.path, made.text.s, made.text.len};
	problems_init(&problems);
	m = model_load_with("t.conf", &in, &problems);
	if (!m)
		print_error("%s", problems_text(&problems));
	assert_non_null(m);
	model_free(m);
	problems_free(&problems);
}

static inline void assert_refuses(struct change *c, const char *from, const char *expected)
{
	write_conf(from);
	assert_int_equal(make(c), -EINVAL);
	assert_non_null(why.s);
	if (!strstr(why.s, expected))
		print_error("%s\n", why.s);
	assert_non_null(strstr(why.s, expected));
	assert_null(made.path);
}

#define THREE(a, b, c) "interface = ( " a ",\n  " b ", # two\n  " c " );\n"
#define A	       "{ name = \"a\"; device = \"1\"; }"
#define B	       "{ name = \"b\"; device = \"2\"; }"
#define C	       "{ name = \"c\"; device = \"3\"; }"

static inline int changekit_clean(void **state)
{
	change_made_free(&made);
	text_free(&why);
	return load_teardown(state);
}

#endif
