/* SPDX-License-Identifier: BSD-3-Clause */
/* test_exchange.c - the schedule of retransmits, cached answers and used message ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/exchange.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"

static unsigned sent, given_up;

static void count_send(void *ctx, const struct ike_datagram *d)
{
	(void)ctx;
	assert_int_equal(d->len, 3);
	sent++;
}

static int zero_random(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	memset(buf, 0, len);
	return 0;
}

static void no_log(void *ctx, enum ike_log_level level, const struct ike_log_ctx *lc,
		   const char *text)
{
	(void)ctx;
	(void)level;
	(void)lc;
	(void)text;
}

static void count_give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	(void)e;
	(void)x;
	(void)now;
	given_up++;
}

static void setup(struct ike_engine *e, struct ike_sa *sa, struct exchange *x)
{
	memset(e, 0, sizeof(*e));
	memset(sa, 0, sizeof(*sa));
	e->ops = (struct ike_ops){.send = count_send, .random = zero_random, .log = no_log};
	exchange_init(x, sa, 0, count_give_up);
	sent = given_up = 0;
}

static void run(struct ike_engine *e, uint64_t until)
{
	struct timer *t;

	while ((t = timers_pop(&e->timers, until)) != NULL)
		t->fn(e, t, t->due);
}

static void requests_go_out_after_1_2_4_8_16_seconds(void **state)
{
	static const unsigned at[] = {1, 3, 7, 15, 31};
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	assert_int_equal(sent, 1);
	for (unsigned i = 0; i < 5; i++) {
		run(&e, at[i] * TIMERS_SEC - 1);
		assert_int_equal(sent, 1 + i);
		run(&e, at[i] * TIMERS_SEC);
		assert_int_equal(sent, 2 + i);
	}
	run(&e, 62 * TIMERS_SEC);
	assert_int_equal(given_up, 0);
	run(&e, 63 * TIMERS_SEC);
	assert_int_equal(given_up, 1);
	assert_int_equal(sent, 6);
	exchange_fini(&e, &x);
}

/* At the deadline it is over: nothing more is sent then. */
static void a_deadline_ends_a_request_on_time(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	exchange_limit(&e, &x, 4 * TIMERS_SEC);
	run(&e, 4 * TIMERS_SEC - 1);
	assert_int_equal(sent, 3);
	assert_int_equal(given_up, 0);
	run(&e, 4 * TIMERS_SEC);
	assert_int_equal(sent, 3);
	assert_int_equal(given_up, 1);
	exchange_fini(&e, &x);
}

static void settled_requests_are_silent(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	exchange_settle(&e, &x);
	run(&e, 100 * TIMERS_SEC);
	assert_int_equal(sent, 1);
	assert_int_equal(given_up, 0);
	exchange_fini(&e, &x);
}

static void hurried_requests_give_up_after_one_more(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	exchange_hurry(&x);
	run(&e, 3 * TIMERS_SEC);
	assert_int_equal(sent, 2);
	assert_int_equal(given_up, 1);
	exchange_fini(&e, &x);
}

static void answers_are_repeated_up_to_the_limit(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	exchange_repeat(&e, &x, 3, NULL); /* nothing to repeat yet */
	assert_int_equal(exchange_answer(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	exchange_took(&x, (const uint8_t *)"request", 7);
	assert_true(exchange_is_repeat(&x, (const uint8_t *)"request", 7));
	assert_false(exchange_is_repeat(&x, (const uint8_t *)"requesT", 7));
	assert_false(exchange_is_repeat(&x, (const uint8_t *)"request", 6));
	for (int i = 0; i < 10; i++)
		exchange_repeat(&e, &x, 3, NULL);
	assert_int_equal(sent, 1 + 3);
	run(&e, 100 * TIMERS_SEC); /* a responder sends nothing by itself */
	assert_int_equal(sent, 4);
	exchange_fini(&e, &x);
}

static void latest_message_ids_are_remembered(void **state)
{
	struct exchange_msgids m = {0};

	(void)state;
	assert_false(exchange_msgid_seen(&m, 1));
	for (uint32_t i = 1; i <= 2 * EXCHANGE_MSGIDS; i++) {
		exchange_msgid_add(&m, i);
		assert_true(exchange_msgid_seen(&m, i));
		if (i > EXCHANGE_MSGIDS) {
			assert_true(exchange_msgid_seen(&m, i - EXCHANGE_MSGIDS + 1));
			assert_false(exchange_msgid_seen(&m, i - EXCHANGE_MSGIDS));
		}
	}
	assert_int_equal(m.cap, EXCHANGE_MSGIDS);
	free(m.ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_go_out_after_1_2_4_8_16_seconds),
		cmocka_unit_test(a_deadline_ends_a_request_on_time),
		cmocka_unit_test(settled_requests_are_silent),
		cmocka_unit_test(hurried_requests_give_up_after_one_more),
		cmocka_unit_test(answers_are_repeated_up_to_the_limit),
		cmocka_unit_test(latest_message_ids_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
