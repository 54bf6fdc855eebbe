/* SPDX-License-Identifier: BSD-3-Clause */
/* test_alarm.c - warnings of what IKE refuses, on a virtual clock, and what the console shows of a
 * flood. */
#include "gateway_fixture.h"

#include "control/alarm.h"
#include "control/ike/engine_counters.h"

#define MINUTE (60 * SEC)

struct said {
	unsigned int lines;
	char last[LOG_TEXT];
	const char *about;
};

static void take_line(void *ctx, const struct log_line *l)
{
	struct said *s = ctx;

	if (strncmp(l->text, s->about, strlen(s->about)) != 0)
		return;
	s->lines++;
	assert_string_equal(l->topics, "ipsec,warning");
	snprintf(s->last, sizeof(s->last), "%s", l->text);
}

/* Lines that begin so. */
static struct said said(const char *about)
{
	struct said s = {.about = about};

	log_visit(take_line, &s);
	return s;
}

static void one_line_a_minute_and_kind(void **state)
{
	struct ike_counters c = {0};
	struct alarm a = {0};
	uint64_t now = 5 * SEC;

	(void)state;
	log_reset();
	alarm_look(&a, &c, now);
	for (unsigned int i = 0; i < 1000; i++, now += SEC / 1000) {
		c.guard_rate++;
		alarm_look(&a, &c, now);
	}
	assert_int_equal(said("").lines, 1);
	assert_string_equal(said("").last, "guard-rate +1: first messages refused: rate; see "
					   "/ip ipsec statistics ike print");
	c.cookies_sent = 7; /* another kind does not wait */
	alarm_look(&a, &c, now);
	assert_int_equal(said("").lines, 2);
	assert_memory_equal(said("cookies").last, "cookies-sent +7: ", 17);
	alarm_look(&a, &c, 5 * SEC + MINUTE - 1);
	assert_int_equal(said("").lines, 2);
	alarm_look(&a, &c, 5 * SEC + MINUTE);
	assert_int_equal(said("").lines, 3);
	assert_memory_equal(said("guard-rate").last, "guard-rate +999: ", 17);
	for (unsigned int i = 0; i < 1000; i++) /* nothing more comes: nothing more is said */
		alarm_look(&a, &c, now + i * MINUTE);
	assert_int_equal(said("").lines, 3);
}

static void what_is_no_refusal_is_not_told(void **state)
{
	struct ike_counters c;
	struct alarm a = {0};

	(void)state;
	log_reset();
	memset(&c, 0xff, sizeof(c));
	c.guard_rate = c.guard_source = c.guard_total = c.cookies_sent = 0;
	c.inbox_first = c.inbox_known = c.dh_busy = 0;
	alarm_look(&a, &c, SEC);
	assert_int_equal(said("").lines, 0);
	memset(&c, 0xff, sizeof(c));
	alarm_look(&a, &c, SEC);
	assert_int_equal(said("").lines, ALARM_KINDS);
}

/* The first message that the gateway has sent to its peer, as if the peer had begun. */
static struct abi_packet first_message(struct fixture *x)
{
	struct abi_packet p = {0};
	struct abi_addr us;

	assert_int_equal(abi_ring_get(&x->f.inject, &p), 1);
	us = p.src;
	p.src = p.dst;
	p.dst = us;
	return p;
}

static bool take_row(void *arg, uint64_t id, const struct value *values)
{
	(void)id;
	memcpy(arg, values, IKE_COUNTERS_PROPS * sizeof(*values));
	return true;
}

static void counters(struct fixture *x, struct value v[IKE_COUNTERS_PROPS])
{
	const struct menu_source *src = &x->g->source[MENU_IKE_COUNTERS];

	src->rows(src->ctx, take_row, v);
}

/* 1,000 first messages of the peer's address within a second, each of an SPI of its own. */
static void flood(struct fixture *x, struct abi_packet *p)
{
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t spi = x->now + i;

		memcpy(p->data, &spi, sizeof(spi));
		ike_io_input(x->g, p);
		if (i % 100 == 99) {
			x->now += SEC / 10;
			fake_segment_beat(&x->f, x->now);
			gateway_turn(x->g, x->now);
		}
	}
}

static void a_flood_is_counted_and_told(void **state)
{
	struct value v[IKE_COUNTERS_PROPS] = {0};
	struct fixture *x = *state;
	struct abi_packet p;
	uint64_t refused;

	settle(x);
	p = first_message(x);
	log_reset();
	counters(x, v);
	assert_int_equal(v[IKE_STAT_rx].num, 0);
	flood(x, &p);
	counters(x, v);
	assert_int_equal(v[IKE_STAT_rx].num, 1000);
	assert_int_equal(v[IKE_STAT_rx_handled].num + v[IKE_STAT_rx_limited].num, 1000);
	refused = v[IKE_STAT_guard_rate].num;
	assert_in_range(refused, 900, 1000);
	assert_int_equal(said("guard-rate").lines, 1);
	flood(x, &p);
	assert_int_equal(said("guard-rate").lines, 1);
	x->now += MINUTE;
	fake_segment_beat(&x->f, x->now);
	gateway_turn(x->g, x->now);
	assert_int_equal(said("guard-rate").lines, 2);
	counters(x, v);
	assert_true(v[IKE_STAT_guard_rate].num >= 2 * refused);
	assert_true(strtoull(said("guard-rate").last + strlen("guard-rate +"), NULL, 10) > refused);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_a_minute_and_kind),
		cmocka_unit_test(what_is_no_refusal_is_not_told),
		T(a_flood_is_counted_and_told),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
