/* SPDX-License-Identifier: BSD-3-Clause */
/* test_neigh6.c - IPv6 neighbours: asked, known, stale, given up; answers; hostile messages. */
#include "tests/unit/dataplane/net/nd6kit.h"

#define HOST_NODE "ff02::1:ff00:12" /* solicited-node group of LAN6_HOST */

static void asks_the_group_and_sends_what_waited(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_false(nd6kit_push(LAN6_HOST));
	assert_int_equal(nk.n_sent, 1);
	nd6kit_expect(0, 135, LAN6_US, HOST_NODE, LAN6_HOST, 0, NULL);
	nd6kit_advert(LAN6_HOST, ND_S | ND_O, neighkit_a);
	assert_int_equal(nk.n_sent, 4);
	for (unsigned int i = 1; i < 4; i++) {
		const uint8_t *b = rte_pktmbuf_mtod(nk.sent[i], const uint8_t *);

		assert_memory_equal(b, neighkit_a, 6);
		assert_int_equal(get16(b + 12), 0x86dd);
	}
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
	assert_int_equal(nk.n_dropped[DROP_NET_CONSUMED], 1);
}

static void asks_for_the_gateway_of_what_is_far(void **state)
{
	(void)state;
	assert_false(nd6kit_push(FAR6_HOST));
	assert_int_equal(nk.n_sent, 1);
	nd6kit_expect(0, 135, WAN6_US, "ff02::1:ff00:fe", WAN6_GW, 0, NULL);
	assert_int_equal(pkt_meta(nk.sent[0])->out_port, 1);
}

static void asks_link_local_hosts_from_the_link(void **state)
{
	(void)state;
	assert_false(nd6kit_push(LINK6_A));
	nd6kit_expect(0, 135, LINK6_US, "ff02::1:ff00:12", LINK6_A, 0, NULL);
	nd6kit_advert(LINK6_A, ND_S, neighkit_b);
	nd6kit_expect_mac(LINK6_A, neighkit_b);
}

static void gives_up_and_says_so(void **state)
{
	(void)state;
	assert_false(nd6kit_push(LAN6_HOST));
	neighkit_pass(4000);
	assert_int_equal(nd6kit_count(135), NEIGH_TRIES);
	neighkit_pass(1000);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 1);
	/* For a while it is known to be gone: no question, and the sender is told. */
	assert_false(nd6kit_push(LAN6_HOST));
	assert_int_equal(nd6kit_count(135), NEIGH_TRIES);
	assert_int_equal(nk.n_dropped[DROP_NET_NO_NEIGHBOUR], 2);
	assert_int_equal(kit.n_out, 1);
	assert_int_equal(get16(rte_pktmbuf_mtod_offset(kit.out[0], uint8_t *, ETH + 40)), 0x0103);
	neighkit_pass(NEIGH_FAILED_S * 1000 + 100);
	assert_int_equal(nk.table->n_entries, 0);
}

static void probes_a_neighbour_in_use_and_forgets_an_idle_one(void **state)
{
	(void)state;
	assert_false(nd6kit_push(LAN6_HOST));
	nd6kit_advert(LAN6_HOST, ND_S, neighkit_a);
	neighkit_clear();
	for (unsigned int s = 0; s < 27; s++) {
		assert_true(nd6kit_push(LAN6_HOST));
		neighkit_pass(1000);
	}
	assert_true(nk.n_sent >= 1); /* PROBE: to the MAC it has */
	nd6kit_expect(0, 135, LAN6_US, LAN6_HOST, LAN6_HOST, 0, neighkit_a);
	nd6kit_advert(LAN6_HOST, ND_S, NULL); /* an answer without its MAC will do */
	neighkit_pass(10000);
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
	neighkit_pass(NEIGH_REACHABLE_S * 1000);
	assert_int_equal(nk.table->n_entries, 0);
}

static void answers_who_asks_for_us_and_doubts_him(void **state)
{
	(void)state;
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_a);
	assert_int_equal(nk.n_sent, 1);
	nd6kit_expect(0, 136, LAN6_US, LAN6_HOST, LAN6_US, ND_R | ND_S | ND_O, neighkit_a);
	neighkit_clear();
	/* STALE: used at once, and asked for because it is used. */
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
	neighkit_pass(200);
	assert_int_equal(nk.n_sent, 1);
	nd6kit_expect(0, 135, LAN6_US, LAN6_HOST, LAN6_HOST, 0, neighkit_a);
	nd6kit_solicit(LINK6_A, LINK6_US, neighkit_b);
	nd6kit_expect(1, 136, LINK6_US, LINK6_A, LINK6_US, ND_R | ND_S | ND_O, neighkit_b);
}

static void answers_a_solicitation_without_the_option_where_it_came_from(void **state)
{
	(void)state;
	nd6kit_solicit(LAN6_HOST, LAN6_US, NULL);
	nd6kit_expect(0, 136, LAN6_US, LAN6_HOST, LAN6_US, ND_R | ND_S | ND_O, neighkit_a);
	assert_int_equal(nk.table->n_entries, 0);
}

static void tells_everybody_when_somebody_wants_our_address(void **state)
{
	(void)state;
	nd6kit_solicit("::", LAN6_US, NULL);
	assert_int_equal(nk.n_sent, 1);
	nd6kit_expect(0, 136, LAN6_US, ALL6, LAN6_US, ND_R | ND_O, NULL);
	assert_int_equal(nk.table->n_entries, 0);
}

static void answers_for_its_addresses_on_its_port_only(void **state)
{
	struct frame f = nd6kit_frame(135, LAN6_HOST, "ff02::1:ff00:1", WAN6_US, 0, neighkit_a);

	(void)state;
	assert_true(nd6kit_input(&f, 0)); /* ours, but not here */
	f = nd6kit_frame(135, LAN6_HOST, "ff02::1:ff00:1", "2001:db8:1::aa00:1", 0, neighkit_a);
	assert_true(nd6kit_input(&f, 0)); /* the same group, another host */
	f = nd6kit_frame(135, "2001:db8:77::1", "ff02::1:ff00:1", LAN6_US, 0, neighkit_a);
	assert_true(nd6kit_input(&f, 0)); /* no neighbour */
	assert_int_equal(nk.n_sent, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ND], 3);
	assert_int_equal(nk.table->n_entries, 0);
}

/* RFC 4861 section 7.2.5, line by line, from REACHABLE with neighkit_a. */
static void follows_the_table_of_advertisements(void **state)
{
	(void)state;
	assert_false(nd6kit_push(LAN6_HOST));
	nd6kit_advert(LAN6_HOST, ND_S, NULL); /* INCOMPLETE: without a MAC it says nothing */
	assert_false(nd6kit_push(LAN6_HOST));
	nd6kit_advert(LAN6_HOST, ND_S, neighkit_a);
	nk.now += 2 * NEIGHKIT_SECOND;
	/* Another MAC without override: not taken, but the one we have is doubted. */
	neighkit_clear();
	nd6kit_advert(LAN6_HOST, ND_S, neighkit_b);
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
	neighkit_pass(200);
	assert_int_equal(nd6kit_count(135), 1);
	/* With override: taken; unsolicited it is STALE. */
	nd6kit_advert(LAN6_HOST, ND_O, neighkit_b);
	nd6kit_expect_mac(LAN6_HOST, neighkit_b);
	neighkit_clear();
	neighkit_pass(200);
	assert_int_equal(nd6kit_count(135), 1);
	/* And the answer to that makes it REACHABLE. */
	nd6kit_advert(LAN6_HOST, ND_S | ND_O, neighkit_b);
	neighkit_clear();
	assert_true(nd6kit_push(LAN6_HOST));
	neighkit_pass(20000);
	assert_int_equal(nd6kit_count(135), 0);
	assert_true(nd6kit_push(LAN6_HOST));
}

static void does_not_let_a_mac_just_confirmed_be_replaced(void **state)
{
	(void)state;
	assert_false(nd6kit_push(LAN6_HOST));
	nd6kit_advert(LAN6_HOST, ND_S | ND_O, neighkit_a);
	nd6kit_advert(LAN6_HOST, ND_S | ND_O, neighkit_b);
	nd6kit_advert(LAN6_HOST, ND_O, neighkit_b);
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_b);
	nd6kit_expect_mac(LAN6_HOST, neighkit_a);
}

static void does_not_learn_from_unasked_advertisements(void **state)
{
	(void)state;
	nd6kit_advert(LAN6_HOST, ND_S | ND_O, neighkit_a);
	nd6kit_advert(LAN6_HOST, ND_O, neighkit_a);
	nd6kit_advert(LAN6_US, ND_O, neighkit_a);
	assert_int_equal(nk.table->n_entries, 0);
	assert_int_equal(nk.n_dropped[DROP_NET_ND], 3);
}

static void refuses_malformed_messages(void **state)
{
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1}, zero[6];
	struct frame good = nd6kit_frame(135, LAN6_HOST, "ff02::1:ff00:1", LAN6_US, 0, neighkit_a);
	const struct {
		unsigned int at;
		uint8_t value;
	} bad[] = {
		{ETH + 41, 1},	    /* code */
		{ETH + 48, 0xff},   /* target is a group */
		{ETH + 40 + 25, 0}, /* option of no length */
		{ETH + 40 + 25, 2}, /* beyond the message */
		{ETH + 40 + 25, 255},
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		struct frame f = good;

		f.b[bad[i].at] = bad[i].value;
		frame6_fix(&f);
		assert_true(nd6kit_input(&f, 0));
		assert_int_equal(nk.n_dropped[DROP_NET_ND], i + 1);
	}
	nk.n_dropped[DROP_NET_ND] = 0;
	for (unsigned int len = 4; len < 32; len++) { /* every length that a header can lie about */
		struct frame f = good;

		f.len = ETH + 40 + len;
		put16(f.b + ETH + 4, len);
		frame6_fix(&f);
		nd6kit_input(&f, 0);
	}
	assert_int_equal(nk.n_dropped[DROP_NET_ND], 27); /* 24 is one without options */
	assert_int_equal(nk.n_sent, 1);
	neighkit_clear();
	good = nd6kit_frame(135, LAN6_HOST, "ff02::1:ff00:1", LAN6_US, 0, group);
	memcpy(good.b + 6, neighkit_a, 6);
	assert_true(nd6kit_input(&good, 0));
	nd6kit_solicit(LAN6_US, LAN6_US, neighkit_a); /* in our name */
	nd6kit_solicit(LAN6_HOST, LAN6_US, zero);
	nd6kit_solicit(LAN6_HOST, LAN6_US, (const uint8_t *)&ports[0].mac);
	nd6kit_solicit("::", LAN6_US, neighkit_a);		   /* from nobody, with a MAC */
	good = nd6kit_frame(135, "::", LAN6_US, LAN6_US, 0, NULL); /* from nobody, to one host */
	nd6kit_input(&good, 0);
	good = nd6kit_frame(136, LAN6_HOST, ALL6, LAN6_HOST, ND_S, neighkit_a); /* S to a group */
	nd6kit_input(&good, 0);
	assert_int_equal(nk.n_sent, 0);
	assert_int_equal(nk.table->n_entries, 0);
}

static void skips_options_it_does_not_know(void **state)
{
	struct frame f = frame6_icmp(LAN6_HOST, LAN6_US, 135, 0, 16 + 8 + 24 + 8);
	struct ip6 us = ip6(LAN6_US);
	uint8_t *p = f.b + ETH + 40;

	(void)state;
	f.b[ETH + 7] = 255;
	memcpy(p + 8, us.b, 16);
	p[24] = 14; /* a nonce (RFC 3971) */
	p[25] = 1;
	p[32] = 200;
	p[33] = 3;
	p[56] = 1;
	p[57] = 1;
	memcpy(p + 58, neighkit_b, 6);
	frame6_fix(&f);
	assert_true(nd6kit_input(&f, 0));
	nd6kit_expect(0, 136, LAN6_US, LAN6_HOST, LAN6_US, ND_R | ND_S | ND_O, neighkit_b);
}

/* RFC 6583: a scan of a /64 neither takes the table nor the buffers, nor IPv4's neighbours. */
static void a_scan_is_bounded(void **state)
{
	unsigned int held = 0;

	(void)state;
	nd6kit_solicit(LAN6_HOST, LAN6_US, neighkit_a);
	for (unsigned int i = 0; i < 1500; i++) {
		char dst[40];

		snprintf(dst, sizeof(dst), "2001:db8:1::%x:%x", 1 + i % 7, 0x100 + i);
		assert_false(nd6kit_push(dst));
		if (i % 100 == 0) {
			neighkit_pass(100);
			neighkit_clear();
		}
		if (nk.n_sent > 3000)
			neighkit_clear();
		assert_true(nk.table->n_entries <= NEIGH_MAX);
		assert_true(nk.table->n_asked <= NEIGH_ASKED_MAX);
		assert_true(nd6kit_push(LAN6_HOST)); /* who is known stays known */
		if (i % 300 == 299)
			nd6kit_advert(LAN6_HOST, ND_S, neighkit_a);
	}
	for (unsigned int i = 0; i < NEIGH_SLOTS; i++)
		held += nk.table->entries[i].held;
	assert_true(held <= NEIGH_HOLD_TOTAL);
	assert_true(nk.n_dropped[DROP_NET_NO_NEIGHBOUR] > 0);
}

/* A packet routed by tables that are gone is routed again by today's, not by their numbers. */
static void routes_again_what_an_older_generation_routed(void **state)
{
	struct fib6 *old = kit.h->tables.fib6;
	const struct abi_address a[] = {
		{.port = 0, .prefix_len = 64, .addr = abi6(WAN6_US)},
		{.port = 1, .prefix_len = 64, .addr = abi6(LAN6_US)}}; /* the ports change places */
	struct frame f = frame6_udp(PEER6, LAN6_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m = kit_parse(&f);
	uint32_t status;

	(void)state;
	route_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->out_port, 0);
	kit.h->tables.fib6 = fib6_build(a, 2, NULL, 0, 2, SOCKET_ID_ANY, &status);
	nk.io.fib6 = kit.h->tables.fib6;
	neigh_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_SLOW);
	neigh_hold(nk.table, &nk.io, m, nk.now);
	nd6kit_expect(0, 135, LAN6_US, HOST_NODE, LAN6_HOST, 0, NULL);
	assert_int_equal(pkt_meta(nk.sent[0])->out_port, 1);
	neigh_flush(nk.table, &nk.io);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = old;
}

#define T(f) cmocka_unit_test_setup_teardown(f, nd6kit_begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(asks_the_group_and_sends_what_waited),
		T(asks_for_the_gateway_of_what_is_far),
		T(asks_link_local_hosts_from_the_link),
		T(gives_up_and_says_so),
		T(probes_a_neighbour_in_use_and_forgets_an_idle_one),
		T(answers_who_asks_for_us_and_doubts_him),
		T(answers_a_solicitation_without_the_option_where_it_came_from),
		T(tells_everybody_when_somebody_wants_our_address),
		T(answers_for_its_addresses_on_its_port_only),
		T(follows_the_table_of_advertisements),
		T(does_not_let_a_mac_just_confirmed_be_replaced),
		T(does_not_learn_from_unasked_advertisements),
		T(refuses_malformed_messages),
		T(skips_options_it_does_not_know),
		T(a_scan_is_bounded),
		T(routes_again_what_an_older_generation_routed),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
