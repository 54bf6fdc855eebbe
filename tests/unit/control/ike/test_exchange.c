/* SPDX-License-Identifier: BSD-3-Clause */
/* test_exchange.c - the schedule of retransmits, cached answers and used message ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/exchange.h"
#include "control/ike/ike.h"
#include "control/ike/ike_sa.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"

static unsigned sent, given_up, silent;
static uint16_t ports[16]; /* where each datagram went */
static uint64_t dice;	   /* what is drawn */

static bool no_memory;

/* The test is linked with --wrap=realloc. */
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
	return no_memory ? NULL : __real_realloc(p, size);
}

static void count_send(void *ctx, const struct ike_datagram *d)
{
	(void)ctx;
	assert_int_equal(d->len, 3);
	ports[sent++ % 16] = d->dst_port;
}

static int same_random(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	assert_int_equal(len, sizeof(dice));
	memcpy(buf, &dice, len);
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
	(void)now;
	assert_false(x->asking);
	given_up++;
}

static void count_silent(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	(void)e;
	(void)now;
	assert_true(x->asking);
	silent++;
}

static void setup(struct ike_engine *e, struct ike_sa *sa, struct exchange *x)
{
	memset(e, 0, sizeof(*e));
	memset(sa, 0, sizeof(*sa));
	e->ops = (struct ike_ops){.send = count_send, .random = same_random, .log = no_log};
	exchange_init(x, sa, 0, count_give_up);
	sent = given_up = silent = 0;
	dice = 0;
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
	assert_int_equal(e.counters.tx_retransmit, 5);
	exchange_fini(&e, &x);
}

/* All that is drawn is the most it can be: the wait is a tenth longer, and not more. */
static void waits_are_up_to_a_tenth_longer(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	dice = 1000 * IKE_RETRANSMIT_JITTER_PCT / 100; /* the largest below so much and one */
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	run(&e, 1100 * TIMERS_MS - 1);
	assert_int_equal(sent, 1);
	run(&e, 1100 * TIMERS_MS);
	assert_int_equal(sent, 2);
	exchange_fini(&e, &x);
}

/* The second retransmit and all after it say so. */
static void silence_is_told_from_the_second_retransmit_on(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	x.silent = count_silent;
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	run(&e, 1 * TIMERS_SEC);
	assert_int_equal(silent, IKE_SILENT_TRIES - 2);
	run(&e, 3 * TIMERS_SEC);
	assert_int_equal(silent, 1);
	run(&e, 100 * TIMERS_SEC);
	assert_int_equal(silent, IKE_RETRANSMIT_TRIES - IKE_SILENT_TRIES + 1);
	exchange_fini(&e, &x);
}

/* Nothing of a request before it counts for the next. */
static void each_request_begins_anew(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	assert_int_equal(x.seq, 1);
	run(&e, 3 * TIMERS_SEC);
	assert_int_equal(x.tries, 2);
	exchange_limit(&e, &x, 90 * TIMERS_SEC);
	exchange_hurry(&x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 50 * TIMERS_SEC), 0);
	assert_int_equal(x.seq, 2);
	assert_int_equal(x.asked, 50 * TIMERS_SEC);
	sent = 0;
	run(&e, 112 * TIMERS_SEC);
	assert_int_equal(sent, IKE_RETRANSMIT_TRIES);
	assert_int_equal(given_up, 0);
	run(&e, 113 * TIMERS_SEC);
	assert_int_equal(given_up, 1);
	exchange_fini(&e, &x);
}

/* Which large message got through once is known: what is silent after it is no matter of size. */
static void the_largest_that_was_answered_is_known(void **state)
{
	static const uint8_t msg[3] = "abc";
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_answer(&e, &x, msg, 3, 0), 0);
	exchange_settle(&e, &x);
	assert_int_equal(x.answered, 0); /* an answer has none */
	assert_int_equal(exchange_ask(&e, &x, msg, 3, 0), 0);
	assert_int_equal(x.answered, 0);
	exchange_settle(&e, &x);
	assert_false(x.asking);
	assert_int_equal(x.answered, 3);
	x.answered = 9; /* a larger one before */
	assert_int_equal(exchange_ask(&e, &x, msg, 3, 0), 0);
	exchange_settle(&e, &x);
	assert_int_equal(x.answered, 9);
	x.answered = 0;
	assert_int_equal(exchange_ask(&e, &x, msg, 3, 0), 0);
	assert_int_equal(exchange_ask(&e, &x, msg, 3, 0), 0); /* the next message of phase 1 */
	assert_int_equal(x.answered, 3);
	exchange_fini(&e, &x);
}

/* An answer ends what was asked: nothing goes out by itself any more. */
static void an_answer_ends_the_request_before_it(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	assert_int_equal(exchange_answer(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	assert_false(x.asking);
	assert_false(x.timer.armed);
	exchange_limit(&e, &x, 1 * TIMERS_SEC);
	exchange_hurry(&x);
	assert_int_equal(x.max_tries, IKE_RETRANSMIT_TRIES);
	run(&e, 100 * TIMERS_SEC);
	assert_int_equal(sent, 2);
	assert_int_equal(given_up, 0);
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
	given_up = 0;
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	exchange_limit(&e, &x, 500 * TIMERS_MS); /* before the first retransmit */
	run(&e, 500 * TIMERS_MS);
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
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	run(&e, 31 * TIMERS_SEC); /* that was the last one: there is no other */
	exchange_hurry(&x);
	run(&e, 200 * TIMERS_SEC);
	assert_int_equal(sent, 2 + 1 + IKE_RETRANSMIT_TRIES);
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

/* What is answered next has repeats of its own, and so has the answer to it. */
static void repeats_are_counted_for_each_message(void **state)
{
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	assert_int_equal(exchange_answer(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	for (int i = 0; i < 5; i++)
		exchange_repeat(&e, &x, 3, NULL);
	assert_int_equal(exchange_answer(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	for (int i = 0; i < 5; i++)
		exchange_repeat(&e, &x, 3, NULL);
	assert_int_equal(sent, 2 + 3 + 3);
	exchange_took(&x, (const uint8_t *)"request", 7);
	for (int i = 0; i < 5; i++)
		exchange_repeat(&e, &x, 3, NULL);
	assert_int_equal(sent, 2 + 3 + 3 + 3);
	x.have_last = false; /* no digest, whatever stands there */
	assert_false(exchange_is_repeat(&x, (const uint8_t *)"request", 7));
	exchange_fini(&e, &x);
}

static void go_through_a_nat(struct ike_sa *sa, struct ike_datagram *d)
{
	sa->at.remote = (struct abi_addr){.family = 4, .bytes = {192, 0, 2, 1}};
	sa->at.remote_port = 4500;
	sa->at.marker = sa->nat_remote = true;
	*d = (struct ike_datagram){.src = sa->at.remote, .src_port = 4500, .marker = true};
}

/* So many from a new place, so many from the old one; and only where a NAT can have moved it. */
static void answers_go_where_their_request_came_from(void **state)
{
	struct ike_datagram d;
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	go_through_a_nat(&sa, &d);
	assert_int_equal(exchange_answer(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	d.src_port = 6000;
	for (unsigned i = 0; i < 10; i++)
		exchange_repeat(&e, &x, 5, &d);
	assert_int_equal(sent, 1 + EXCHANGE_REPEATS);
	assert_int_equal(ports[1], 6000);
	d.src_port = 4500;
	for (unsigned i = 0; i < 10; i++)
		exchange_repeat(&e, &x, 5, &d);
	assert_int_equal(sent, 1 + EXCHANGE_REPEATS + 5);
	assert_int_equal(ports[sent - 1], 4500);
	exchange_took(&x, (const uint8_t *)"next", 4);
	sent = 0;
	d.src.bytes[3] = 2; /* another address, the same port */
	for (unsigned i = 0; i < 10; i++)
		exchange_repeat(&e, &x, 5, &d);
	assert_int_equal(sent, EXCHANGE_REPEATS);
	d.src_port = 6000;
	d.marker = false; /* to port 500, which the NAT maps apart */
	exchange_repeat(&e, &x, 5, &d);
	assert_int_equal(sent, EXCHANGE_REPEATS + 1);
	assert_int_equal(ports[EXCHANGE_REPEATS], 4500);
	d.marker = true;
	sa.nat_remote = false;
	exchange_repeat(&e, &x, 5, &d);
	assert_int_equal(sent, EXCHANGE_REPEATS + 2);
	assert_int_equal(ports[EXCHANGE_REPEATS + 1], 4500);
	exchange_fini(&e, &x);
}

/* What goes aside goes there alone; when nobody answers there, to the known place alone. */
static void what_is_asked_aside_goes_to_one_place_at_a_time(void **state)
{
	static const uint16_t want[] = {6000, 6000, 4500, 4500, 4500};
	struct roam r = {.state = ROAM_ASKED};
	struct ike_datagram d;
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	go_through_a_nat(&sa, &d);
	r.sa = &sa;
	r.to = sa.at;
	r.to.remote_port = 6000;
	sa.roam = &r;
	x.aside = true;
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	while (sent < 5) {
		assert_true(x.timer.armed);
		timers_cancel(&e.timers, &x.timer);
		x.timer.fn(&e, &x.timer, x.timer.due);
	}
	assert_int_equal(sent, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ports[i], want[i]);
	assert_int_equal(e.counters.roam_failed, 1);
	assert_int_equal(x.tries, 2);
	timers_cancel(&e.timers, &r.timer);
	exchange_fini(&e, &x);
}

/* While a place waits to be asked, what is out goes to both. */
static void what_is_out_goes_to_the_new_place_too(void **state)
{
	struct roam r = {.state = ROAM_WAITS};
	struct ike_datagram d;
	struct ike_engine e;
	struct exchange x;
	struct ike_sa sa;

	(void)state;
	setup(&e, &sa, &x);
	go_through_a_nat(&sa, &d);
	r.to = sa.at;
	r.to.remote_port = 6000;
	sa.roam = &r;
	assert_int_equal(exchange_ask(&e, &x, (const uint8_t *)"abc", 3, 0), 0);
	assert_int_equal(sent, 1);
	run(&e, 1 * TIMERS_SEC);
	assert_int_equal(sent, 3);
	assert_int_equal(ports[1], 4500);
	assert_int_equal(ports[2], 6000);
	exchange_fini(&e, &x);
}

static void so_many_message_ids_are_remembered_as_wanted(void **state)
{
	struct exchange_msgids m = {.max = 20};

	(void)state;
	for (uint32_t i = 1; i <= 100; i++) {
		exchange_msgid_add(&m, i);
		for (uint32_t k = 1; k <= i; k++)
			assert_int_equal(exchange_msgid_seen(&m, k), k + m.cap > i);
	}
	assert_in_range(m.cap, 20, 32);
	free(m.ids);
}

static void without_memory_a_message_id_is_not_remembered(void **state)
{
	struct exchange_msgids m = {0};

	(void)state;
	no_memory = true;
	exchange_msgid_add(&m, 1);
	no_memory = false;
	assert_false(exchange_msgid_seen(&m, 1));
	exchange_msgid_add(&m, 2);
	assert_true(exchange_msgid_seen(&m, 2));
	free(m.ids);
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
		cmocka_unit_test(waits_are_up_to_a_tenth_longer),
		cmocka_unit_test(silence_is_told_from_the_second_retransmit_on),
		cmocka_unit_test(each_request_begins_anew),
		cmocka_unit_test(the_largest_that_was_answered_is_known),
		cmocka_unit_test(an_answer_ends_the_request_before_it),
		cmocka_unit_test(repeats_are_counted_for_each_message),
		cmocka_unit_test(answers_go_where_their_request_came_from),
		cmocka_unit_test(what_is_asked_aside_goes_to_one_place_at_a_time),
		cmocka_unit_test(what_is_out_goes_to_the_new_place_too),
		cmocka_unit_test(so_many_message_ids_are_remembered_as_wanted),
		cmocka_unit_test(without_memory_a_message_id_is_not_remembered),
		cmocka_unit_test(latest_message_ids_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
