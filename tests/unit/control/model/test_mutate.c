/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_mutate.c - damaged configurations: whatever the damage, loading ends in a model or in
 * problems that have a place, never in a crash, and a model that passed gives a plan.
 */
#include "load.h"

#include "control/model/apply.h"

#define ROUNDS 600

/* libconfig 1.5 forgets the text it was reading when it meets a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

/* Cut, copy, overwrite and exchange: bytes, lines and words of other places. */
static size_t mutate(char *text, size_t len, size_t room)
{
	size_t at = (size_t)random() % len, n = (size_t)random() % 40 + 1;
	size_t from = (size_t)random() % len;

	if (n > len - at)
		n = len - at;
	switch (random() % 6) {
	case 0: /* one byte */
		text[at] = (char)(random() % 255 + 1);
		return len;
	case 1: /* cut a piece */
		memmove(text + at, text + at + n, len - at - n);
		return len - n > 0 ? len - n : 1;
	case 2: /* the end is missing */
		return at ? at : 1;
	case 3: /* a piece of elsewhere in between */
		if (n > len - from)
			n = len - from;
		if (len + n >= room)
			return len;
		memmove(text + at + n, text + at, len - at);
		memmove(text + at, text + from, n);
		return len + n;
	case 4: /* a sign that means something */
		text[at] = "{}()[]\";=,#\\@/*\n"[random() % 16];
		return len;
	default: /* a digit becomes another */
		for (; at < len; at++)
			if (text[at] >= '0' && text[at] <= '9') {
				text[at] = (char)('0' + random() % 10);
				break;
			}
		return len;
	}
}

static void load_damaged(char *text, size_t len)
{
	static struct problems problems;
	struct model *m;

	load_write("m.conf", text, len, 0600);
	problems_init(&problems);
	m = model_load("m.conf", &problems);
	if (m) {
		struct model_plan *plan = model_plan_new(m, NULL, &problems);

		assert_non_null(plan);
		model_plan_free(plan);
	} else {
		assert_true(problems.n_errors > 0);
		assert_non_null(problems.list[0].file);
	}
	model_free(m);
	problems_free(&problems);
}

static void damage(const char *name, unsigned seed)
{
	size_t len, room = 1 << 16;
	char *good = load_conf(name, &len), *text = malloc(room);

	assert_non_null(text);
	srandom(seed);
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = len;

		memcpy(text, good, len);
		for (long k = random() % 4; k >= 0; k--)
			n = mutate(text, n, room);
		load_damaged(text, n);
	}
	free(text);
	free(good);
}

static void survives_a_damaged_tutorial(void **state)
{
	(void)state;
	damage("tutorial.conf", 3);
}

static void survives_a_damaged_reference(void **state)
{
	(void)state;
	damage("reference.conf", 4);
}

static void survives_deep_nesting(void **state)
{
	size_t n = 20000;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '(', n);
	memcpy(text, "a=", 2);
	load_damaged(text, n);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_a_damaged_tutorial),
		cmocka_unit_test(survives_a_damaged_reference),
		cmocka_unit_test(survives_deep_nesting),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
