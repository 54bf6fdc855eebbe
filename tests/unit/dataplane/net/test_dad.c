/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dad.c - our own IPv6 addresses: asked for, taken into use and announced, or given up. */
#include "dataplane/net/dad.h"

#include "tests/unit/dataplane/net/nd6kit.h"

static struct dad dad;

static int begin(void **state)
{
	if (nd6kit_begin(state) != 0)
		return -1;
	dad = (struct dad){.n = 0};
	nk.io.dad = &dad;
	ports[0].link_up = ports[1].link_up = true;
	dad_update(&dad, kit.h->tables.fib6);
	return 0;
}

static void pass(uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i += 100) {
		nk.now += NEIGHKIT_SECOND / 10;
		dad_tick(&dad, &nk.io, nk.now);
	}
}

static bool usable(uint8_t port, const char *addr)
{
	struct ip6 a = ip6(addr);

	return dad_usable(&dad, port, a.b);
}

static void asks_for_every_address_then_announces_it(void **state)
{
	(void)state;
	dad_tick(&dad, &nk.io, nk.now);
	assert_int_equal(nk.n_sent, 4);
	nd6kit_expect(0, 135, NULL, "ff02::1:ff00:1", LAN6_US, 0, NULL);
	nd6kit_expect(1, 135, NULL, "ff02::1:ff00:1", WAN6_US, 0, NULL);
	nd6kit_expect(2, 135, NULL, "ff02::1:ff00:1", LINK6_US, 0, NULL);
	nd6kit_expect(3, 135, NULL, "ff02::1:ff00:2", LINK6_US1, 0, NULL);
	assert_false(usable(0, LAN6_US));
	neighkit_clear();
	pass(900);
	assert_int_equal(nk.n_sent, 0);
	pass(100);
	assert_int_equal(nk.n_sent, 4);
	nd6kit_expect(0, 136, LAN6_US, ALL6, LAN6_US, ND_R | ND_O, NULL);
	nd6kit_expect(3, 136, LINK6_US1, ALL6, LINK6_US1, ND_R | ND_O, NULL);
	assert_true(usable(0, LAN6_US));
	assert_false(usable(1, LAN6_US));
	pass(5000);
	assert_int_equal(nk.n_sent, 4);
}

static void is_silent_before_it_knows(void **state)
{
	(void)state;
	dad_tick(&dad, &nk.io, nk.now);
	neighkit_clear();
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_a);
	assert_false(nd6kit_push(LAN6_HOST));
	assert_int_equal(nk.n_sent, 0);
	pass(1000);
	neighkit_clear();
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_a);
	assert_int_equal(nd6kit_count(136), 1);
}

static void the_question_is_asked_again_once_it_may(void **state)
{
	(void)state;
	dad_tick(&dad, &nk.io, nk.now);
	assert_false(nd6kit_push(LAN6_HOST));
	pass(1000);
	neighkit_clear();
	neighkit_pass(1000);
	assert_int_equal(nd6kit_count(135), 1);
	nd6kit_advert(LAN6_HOST, ND_S, neighkit_a);
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
}

/* The advertisement of a host that has LAN6_US, as it answers our question: to all nodes. */
static void claim(void)
{
	struct frame f = nd6kit_frame(136, LAN6_US, ALL6, LAN6_US, ND_O, neighkit_a);

	assert_true(nd6kit_input(&f, 0));
}

static void gives_up_an_address_that_another_host_has(void **state)
{
	(void)state;
	dad_tick(&dad, &nk.io, nk.now);
	claim();
	pass(5000);
	assert_false(usable(0, LAN6_US));
	assert_true(usable(0, LINK6_US));
	neighkit_clear();
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_a);
	assert_false(nd6kit_push(LAN6_HOST));
	assert_int_equal(nk.n_sent, 0);
	dad_announce(&dad, &nk.io);
	assert_int_equal(nk.n_sent, 3);
}

static void gives_up_an_address_that_another_host_wants_too(void **state)
{
	(void)state;
	dad_tick(&dad, &nk.io, nk.now);
	nd6kit_solicit("::", LAN6_US, NULL);
	pass(2000);
	assert_false(usable(0, LAN6_US));
}

static void does_not_take_its_own_question_for_anothers(void **state)
{
	struct frame f = nd6kit_frame(135, "::", "ff02::1:ff00:1", LAN6_US, 0, NULL);

	(void)state;
	memcpy(f.b + 6, &ports[0].mac, 6); /* a switch sends it back */
	dad_tick(&dad, &nk.io, nk.now);
	nd6kit_input(&f, 0);
	pass(1000);
	assert_true(usable(0, LAN6_US));
}

static void keeps_an_address_in_use(void **state)
{
	(void)state;
	pass(1200);
	neighkit_clear();
	claim(); /* reported, but whoever says so later cannot take it from us */
	assert_true(usable(0, LAN6_US));
	nd6kit_solicit("::", LAN6_US, NULL);
	assert_true(usable(0, LAN6_US));
	assert_int_equal(nd6kit_count(136), 1);
}

static void starts_anew_when_the_link_comes_up(void **state)
{
	(void)state;
	pass(1200);
	ports[0].link_up = false;
	dad_update(&dad, kit.h->tables.fib6);
	assert_true(usable(0, LAN6_US));
	ports[0].link_up = true;
	dad_update(&dad, kit.h->tables.fib6);
	assert_false(usable(0, LAN6_US));
	assert_true(usable(1, WAN6_US));
	neighkit_clear();
	pass(1200);
	assert_true(usable(0, LAN6_US));
	assert_int_equal(nd6kit_count(135), 2);
	assert_int_equal(nd6kit_count(136), 2);
}

static void keeps_its_state_over_a_new_generation(void **state)
{
	(void)state;
	pass(1200);
	dad_update(&dad, kit.h->tables.fib6);
	assert_true(usable(0, LAN6_US));
	dad_update(&dad, NULL);
	assert_int_equal(dad.n, 0);
	assert_false(usable(0, LAN6_US));
	dad_update(&dad, kit.h->tables.fib6);
	assert_false(usable(0, LAN6_US));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(asks_for_every_address_then_announces_it),
		T(is_silent_before_it_knows),
		T(the_question_is_asked_again_once_it_may),
		T(gives_up_an_address_that_another_host_has),
		T(gives_up_an_address_that_another_host_wants_too),
		T(does_not_take_its_own_question_for_anothers),
		T(keeps_an_address_in_use),
		T(starts_anew_when_the_link_comes_up),
		T(keeps_its_state_over_a_new_generation),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
