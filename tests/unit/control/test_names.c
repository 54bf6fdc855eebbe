/* SPDX-License-Identifier: BSD-3-Clause */
/* test_names.c - when names are asked for, on a virtual clock, with a resolver of the test's. */
#include "names_fixture.h"

static void a_name_is_asked_for_at_the_start_and_when_its_time_is_over(void **state)
{
	struct fixture *x = *state;

	assert_false(tick(x));
	assert_int_equal(x->asked, 1);
	assert_string_equal(x->host, "vpn.example.com");
	assert_int_equal(x->family, 0);
	answer(x, 100, "192.0.2.7", NULL);
	assert_true(tick(x));
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(logged("vpn.example.com is 192.0.2.7"), 1);
	assert_int_equal(run(x, 99), 0);
	assert_int_equal(run(x, 11), 1); /* and a tenth of it by chance */
	answer(x, 0, "192.0.2.7", NULL);
	assert_false(tick(x)); /* nothing new */
	assert_int_equal(run(x, NAMES_TTL_LEAST - 1), 0);
	assert_int_equal(run(x, 4), 1);
	answer(x, UINT32_MAX, "192.0.2.7", NULL);
	assert_int_equal(run(x, NAMES_TTL_MOST - 1), 0);
	assert_int_equal(logged("vpn.example.com"), 1);
	assert_in_range(run(x, NAMES_TTL_MOST / 10 + 1), 1, 50);
}

static void the_family_of_local_address_is_asked_for(void **state)
{
	struct fixture *x = *state;

	load(x, "vpn.example.com", "local-address = \"192.0.2.2\";");
	tick(x);
	assert_int_equal(x->family, 4);
}

static void failures_are_asked_for_again_later_and_later(void **state)
{
	static const enum names_status how[] = {NAMES_NO_NAME, NAMES_TIMEOUT, NAMES_SERVER,
						NAMES_NO_ADDRESS, NAMES_BAD_ANSWER};
	struct fixture *x = *state;
	unsigned wait = NAMES_BACKOFF;

	tick(x);
	for (unsigned i = 0; i < 10; i++) {
		no_answer(x, how[0]);
		assert_false(tick(x));
		assert_int_equal(run(x, wait - 1), 0);
		assert_int_equal(run(x, wait / 10 + 2), 1);
		wait = wait * 2 < NAMES_BACKOFF_MOST ? wait * 2 : NAMES_BACKOFF_MOST;
	}
	assert_int_equal(logged("does not resolve: no such name (NXDOMAIN)"), 1);
	/* a line for each change */
	for (unsigned i = 1; i < sizeof(how) / sizeof(how[0]); i++) {
		for (int again = 0; again < 2; again++) {
			no_answer(x, how[i]);
			assert_int_equal(run(x, NAMES_BACKOFF_MOST * 11 / 10 + 2), 1);
		}
	}
	assert_int_equal(logged("does not resolve"), 5);
	answer(x, 60, "192.0.2.7", NULL);
	tick(x);
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(logged("resolves again"), 1);
}

static void what_cannot_be_sent_is_a_failure_too(void **state)
{
	struct fixture *x = *state;
	struct names_state s;

	x->refuse = 3;
	assert_int_equal(run(x, 4), 0);
	assert_int_equal(x->refuse, 2);
	assert_true(names_look(x->n, "p0", &s));
	assert_int_equal(s.status, NAMES_NOT_ASKED);
	assert_int_equal(run(x, 60), 1);
	names_use(x->n, NULL, NULL);
	no_answer(x, NAMES_TIMEOUT);
	assert_int_equal(run(x, 1000), 0);
}

static void a_question_without_any_answer_has_failed(void **state)
{
	struct fixture *x = *state;
	uint64_t old;

	tick(x);
	old = x->serial;
	assert_int_equal(run(x, NAMES_GIVE_UP - 1), 0);
	assert_int_equal(run(x, NAMES_BACKOFF + 3), 1);
	assert_int_equal(logged("no name server answers"), 1);
	/* what comes too late is nobody's */
	x->serial = old;
	answer(x, 60, "192.0.2.7", NULL);
	assert_false(tick(x));
	assert_in_use(x, "none");
}

/* 32 at a time, and no server knows any: those that failed before come after those that were never
 * asked for. */
static void names_that_fail_keep_no_other_waiting(void **state)
{
	const struct names_answer none = {.status = NAMES_SERVER};
	struct fixture *x = *state;
	unsigned met = 0;

	load_peers(x, "vpn.example.com", "", MANY);
	for (unsigned round = 0; round * NAMES_ASKING_MOST < MANY; round++) {
		run(x, 3 * NAMES_BACKOFF);
		for (unsigned i = 0; i < MANY; i++) {
			char peer[16];

			snprintf(peer, sizeof(peer), "p%u", i);
			names_answer(x->n, peer, x->serials[i], &none, x->now);
		}
	}
	for (unsigned i = 0; i < MANY; i++)
		met += x->serials[i] != 0;
	assert_int_equal(met, MANY);
}

/* What half of it says for now. */
static void half_answer(struct fixture *x, uint32_t ttl, bool whole)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = ttl, .n = 1, .missing4 = !whole};

	assert_int_equal(addr_parse("2001:db8::7", &a.addrs[0]), 0);
	names_answer(x->n, x->peer, x->serial, &a, x->now);
}

/* Soon at first, for the other half is wanted; a server that never gives it is not asked all the
 * time. */
static void half_an_answer_is_asked_for_again_later_and_later(void **state)
{
	struct fixture *x = *state;
	unsigned wait = NAMES_TTL_LEAST;

	tick(x);
	for (unsigned i = 0; i < 10; i++) {
		half_answer(x, NAMES_TTL_MOST, false);
		tick(x);
		assert_int_equal(run(x, wait - 1), 0);
		assert_int_equal(run(x, wait / 10 + 2), 1);
		wait = wait * 2 < NAMES_BACKOFF_MOST ? wait * 2 : NAMES_BACKOFF_MOST;
	}
	/* the whole one begins it anew */
	half_answer(x, 600, true);
	assert_int_equal(run(x, 600 - 1), 0);
	assert_int_equal(run(x, 62), 1);
	half_answer(x, NAMES_TTL_MOST, false);
	assert_int_equal(run(x, NAMES_TTL_LEAST * 11 / 10 + 2), 1);
}

/* Nor is what it has kept for longer than it holds. */
static void half_an_answer_is_not_kept_beyond_its_time(void **state)
{
	struct fixture *x = *state;

	tick(x);
	for (unsigned i = 0; i < 6; i++) {
		half_answer(x, 40, false);
		tick(x);
		assert_int_equal(run(x, i == 0 ? 33 : 44), 1);
	}
}

static void the_address_stays_while_the_name_fails(void **state)
{
	struct fixture *x = *state;

	tick(x);
	answer(x, 60, "192.0.2.7", NULL);
	tick(x);
	assert_int_equal(run(x, 70), 1);
	no_answer(x, NAMES_NO_NAME);
	assert_false(tick(x));
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(logged("NXDOMAIN); the peer keeps its address, 192.0.2.7"), 1);
}

static void the_address_changes_when_it_is_no_answer_any_more(void **state)
{
	struct fixture *x = *state;

	tick(x);
	answer(x, 60, "192.0.2.7", "192.0.2.8");
	assert_true(tick(x));
	run(x, 70);
	answer(x, 60, "192.0.2.8", "192.0.2.7"); /* round robin */
	assert_false(tick(x));
	run(x, 70);
	answer(x, 60, "192.0.2.9", "192.0.2.7");
	assert_false(tick(x));
	assert_in_use(x, "192.0.2.7");
	run(x, 70);
	answer(x, 60, "192.0.2.9", NULL);
	assert_true(tick(x));
	assert_in_use(x, "192.0.2.9");
	assert_int_equal(logged("is 192.0.2.9 now, it was 192.0.2.7"), 1);
}

static void a_refused_answer_is_told_once(void **state)
{
	struct fixture *x = *state;
	struct names_state s;

	tick(x);
	answer(x, 60, "192.0.2.2", NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tick(x), i == 0);
		assert_int_equal(run(x, 70), 1);
		answer(x, 60, "192.0.2.2", NULL);
	}
	assert_int_equal(logged("resolves to 192.0.2.2, which is refused: it is an address of our "
				"own"),
			 1);
	assert_true(names_look(x->n, "p0", &s));
	assert_int_equal(s.verdict, HOST_OURS);
	assert_int_equal(s.addr.family, 0);
}

static void a_peer_that_fails_has_its_name_asked_for_but_not_too_often(void **state)
{
	struct fixture *x = *state;

	tick(x);
	answer(x, 3600, "192.0.2.7", NULL);
	tick(x);
	assert_int_equal(run(x, 100), 0);
	names_failed(x->n, "p0", x->now);
	names_failed(x->n, "nobody", x->now);
	assert_int_equal(run(x, 1), 1);
	answer(x, 3600, "192.0.2.7", NULL);
	for (unsigned i = 0; i < 100; i++) {
		unsigned asked = x->asked;

		names_failed(x->n, "p0", x->now);
		run(x, 1);
		if (x->asked != asked)
			answer(x, 3600, "192.0.2.7", NULL);
	}
	assert_in_range(x->asked, 2 + 15, 2 + 100 / NAMES_AGAIN + 1);
	/* nor when the name fails itself */
	names_failed(x->n, "p0", x->now);
	run(x, NAMES_AGAIN + 1);
	no_answer(x, NAMES_TIMEOUT);
	for (unsigned i = 0; i < 4; i++) {
		names_failed(x->n, "p0", x->now);
		assert_int_equal(run(x, 1), 0);
	}
}

static void a_reload_keeps_what_is_known(void **state)
{
	struct fixture *x = *state;

	tick(x);
	answer(x, 3600, "192.0.2.7", NULL);
	tick(x);
	load(x, "VPN.example.com.", "comment = \"other\";");
	assert_int_equal(hosts_place(x->m, names_hosts(x->n)), 0);
	assert_false(names_settle(x->n, true));
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(run(x, 100), 0);
	load(x, "other.example.com", "");
	assert_in_use(x, "none");
	assert_int_equal(run(x, 1), 1);
	assert_string_equal(x->host, "other.example.com");
	load(x, "192.0.2.9", "");
	assert_false(names_look(x->n, "p0", &(struct names_state){0}));
	answer(x, 60, "192.0.2.7", NULL); /* nobody's any more */
	assert_false(tick(x));
}

/* Of A and AAAA one is lost on the way: that says nothing of its addresses. */
static void a_family_that_nothing_was_learnt_of_keeps_its_addresses(void **state)
{
	struct names_answer six = {.status = NAMES_FOUND, .ttl = 60, .n = 1};
	struct fixture *x = *state;

	assert_int_equal(addr_parse("2001:db8::7", &six.addrs[0]), 0);
	tick(x);
	answer(x, 60, "192.0.2.7", "2001:db8::7");
	assert_true(tick(x));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run(x, 70), 1);
		six.missing4 = i < 2;
		names_answer(x->n, x->peer, x->serial, &six, x->now);
		assert_int_equal(tick(x), i == 2); /* now it has none */
	}
	/* before there was one, what there is is taken */
	load(x, "other.example.com", "");
	assert_int_equal(run(x, 1), 1);
	six.missing4 = true;
	names_answer(x->n, x->peer, x->serial, &six, x->now);
	assert_true(tick(x));
}

/* What a configuration that is refused would have made of the answers is of no account. */
static void what_is_not_in_force_is_forgotten(void **state)
{
	struct problems *p = malloc(sizeof(*p));
	struct fixture *x = *state;
	struct names_state s;
	struct model *other;

	tick(x);
	answer(x, 60, "192.0.2.7", "192.0.2.8");
	tick(x);
	assert_in_use(x, "192.0.2.7");
	/* another peer has the address there */
	problems_init(p);
	write_peers_from(x, "vpn.example.com", "", 0, 1);
	take_address(x, "192.0.2.7");
	other = model_load(x->path, p);
	assert_non_null(other);
	assert_int_equal(hosts_place(other, names_hosts(x->n)), 0);
	assert_true(names_settle(x->n, false));
	model_free(other);
	problems_free(p);
	free(p);
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(logged("is 192.0.2.8 now"), 0);
	assert_true(names_look(x->n, "p0", &s));
	assert_int_equal(s.verdict, HOST_CHOSEN);
	/* nor is it when it comes again */
	assert_int_equal(run(x, 70), 1);
	answer(x, 60, "192.0.2.7", "192.0.2.8");
	assert_false(tick(x));
	/* one that was to be taken is tried again */
	assert_int_equal(run(x, 70), 1);
	answer(x, 60, "192.0.2.8", NULL);
	assert_true(names_tick(x->n, x->now));
	assert_int_equal(hosts_place(x->m, names_hosts(x->n)), 0);
	assert_true(names_settle(x->n, false));
	assert_in_use(x, "192.0.2.7");
	assert_int_equal(run(x, 70), 1);
	answer(x, 60, "192.0.2.8", NULL);
	assert_true(tick(x));
	assert_in_use(x, "192.0.2.8");
}

/* A resolver that answers anything at any time, and peers that fail all the time. */
static void chaos_never_asks_in_a_tight_loop(void **state)
{
	struct fixture *x = *state;
	uint32_t r = 1;

	for (unsigned i = 0; i < 20000; i++) {
		r = r * 1664525 + 1013904223;
		x->now += SEC / 10;
		if (r >> 30 == 0)
			no_answer(x, (enum names_status)(r >> 8 & 7));
		else if (r >> 30 == 1)
			answer(x, r >> 12, r & 4096 ? "192.0.2.7" : "127.0.0.1",
			       r & 8192 ? "192.0.2.8" : NULL);
		names_failed(x->n, "p0", x->now);
		tick(x);
	}
	assert_in_range(x->asked, 20, 2000 / NAMES_AGAIN + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_name_is_asked_for_at_the_start_and_when_its_time_is_over, setup,
			teardown),
		cmocka_unit_test_setup_teardown(the_family_of_local_address_is_asked_for, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failures_are_asked_for_again_later_and_later, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_a_failure_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_question_without_any_answer_has_failed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_that_fail_keep_no_other_waiting, setup,
						teardown),
		cmocka_unit_test_setup_teardown(half_an_answer_is_asked_for_again_later_and_later,
						setup, teardown),
		cmocka_unit_test_setup_teardown(half_an_answer_is_not_kept_beyond_its_time, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_address_stays_while_the_name_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_address_changes_when_it_is_no_answer_any_more,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_answer_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_peer_that_fails_has_its_name_asked_for_but_not_too_often, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_reload_keeps_what_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_family_that_nothing_was_learnt_of_keeps_its_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_in_force_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(chaos_never_asks_in_a_tight_loop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
