/* SPDX-License-Identifier: BSD-3-Clause */
/* test_links.c - what the manager does when the link of a port goes and comes back: neighbours on
 * it are forgotten, our addresses are announced, control is told. */
#include "tests/unit/dataplane/slowkit.h"

#include <netinet/in.h>
#include <stdio.h>

#include <rte_ethdev.h>

#include "dataplane/net/neigh_table.h"
#include "dataplane/net/port.h"

#define TICK   100000000ull
#define DAD_NS 1000000000ull
#define LAN    0u
#define WAN    1u

/* 2001:db8:x::last */
static struct abi_addr six(uint8_t x, uint8_t last)
{
	return (struct abi_addr){.family = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, x, [15] = last}};
}

/* The fixture's ports are pretended; of these the link can be taken away. */
static int begin(void **state)
{
	struct abi_address a[] = {
		{.port = WAN, .prefix_len = 24, .addr = {.family = 4, .bytes = {192, 0, 2, 1}}},
		{.port = LAN, .prefix_len = 24, .addr = {.family = 4, .bytes = {192, 168, 1, 1}}},
		{.port = WAN, .prefix_len = 64, .addr = six(2, 1)},
		{.port = LAN, .prefix_len = 64, .addr = six(1, 1)},
	};
	struct abi_ev_port ev;
	char err[256] = "";

	if (setup(state) != 0)
		return -1;
	n_ports = 0;
	if (port_open("lan", "net_ring0", 1500, 1, f->h->pool, err, sizeof(err)) != 0 ||
	    port_open("wan", "net_ring1", 1500, 1, f->h->pool, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n", err);
		return -1;
	}
	ports[LAN].link_up = ports[WAN].link_up = false; /* so the manager knows the others */
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_BEGIN, 2, RTE_DIM(a)), ABI_OK);
	for (unsigned int i = 0; i < RTE_DIM(a); i++) {
		a[i].generation = 2;
		assert_int_equal(fixture_ask(f, &a[i], ABI_CMD_ADDRESS, sizeof(a[i]), NULL),
				 ABI_OK);
	}
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 2, RTE_DIM(a)), ABI_OK);
	for (uint64_t t = 0; t < 2 * DAD_NS; t += TICK)
		fixture_tick(f, TICK);
	empty(reply);
	while (fixture_event(f, ABI_EV_PORT, &ev, sizeof(ev)))
		;
	return 0;
}

static int end(void **state)
{
	port_close_all();
	harness_ports();
	return teardown(state);
}

static void set_link(unsigned int port, bool up)
{
	uint16_t id = ports[port].ethdev;

	assert_int_equal(up ? rte_eth_dev_set_link_up(id) : rte_eth_dev_set_link_down(id), 0);
	fixture_tick(f, TICK);
}

static void control_is_told(void **state)
{
	const struct abi_port *all = segment_area(&f->segment, ABI_AREA_PORTS);
	struct abi_ev_port ev;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		bool up = i % 2 != 0;

		set_link(WAN, up);
		assert_true(fixture_event(f, ABI_EV_PORT, &ev, sizeof(ev)));
		assert_int_equal(ev.port, WAN);
		assert_int_equal(ev.link_up, up);
		assert_int_equal(all[WAN].link_up, up);
		fixture_tick(f, TICK);
		assert_false(fixture_event(f, ABI_EV_PORT, &ev, sizeof(ev)));
	}
}

/* For somebody whom nobody knows. */
static void push(unsigned int port, uint8_t family)
{
	uint8_t packet[60] = {[12] = 8, [14] = 0x45};
	const struct abi_addr src = six(9, 9), dst = six(2, 9);
	struct rte_mbuf *m;

	if (family == 6) { /* UDP without data */
		memcpy(packet + 12, "\x86\xdd\x60\0\0\0\0\x08\x11\x40", 10);
		memcpy(packet + 22, src.bytes, 16);
		memcpy(packet + 38, dst.bytes, 16);
	}
	m = harness_mbuf(f->h, packet, sizeof(packet));
	*pkt_meta(m) = (struct pkt_meta){.reason = PKT_SLOW_NEIGH,
					 .verdict = PKT_SLOW,
					 .flags = family == 6 ? PKT_F_IPV6 : 0,
					 .proto = IPPROTO_UDP,
					 .l3_off = 14,
					 .out_port = (uint8_t)port,
					 .next_hop = port == WAN ? 0xc0000209 : 0xc0a80109,
					 .sa_slot = PKT_NO_SA};
	assert_int_equal(rte_ring_enqueue(slow, m), 0);
}

/* Who answers when it is back may be another router. */
static void its_neighbours_are_forgotten_and_no_others(void **state)
{
	const struct tables *t = &f->h->tables;
	uint64_t value;

	(void)state;
	push(LAN, 4);
	push(WAN, 4);
	push(WAN, 6);
	fixture_tick(f, 1);
	assert_int_equal(t->neigh->n_entries, 2);
	assert_int_equal(t->neigh6->n_entries, 1);
	set_link(WAN, false);
	assert_int_equal(t->neigh->n_entries, 1);
	assert_true(neigh_table_find(t->neigh, LAN, neigh_key4(0xc0a80109), &value) >= 0);
	assert_int_equal(t->neigh6->n_entries, 0);
	set_link(WAN, true);
	assert_int_equal(t->neigh->n_entries, 1);
	empty(reply);
}

/* ARP that asks for the address it comes from (RFC 5227 section 2.3). */
static bool is_gratuitous(struct rte_mbuf *m, const char *addr)
{
	const uint8_t *b = rte_pktmbuf_mtod(m, const uint8_t *);

	return memcmp(b, "\xff\xff\xff\xff\xff\xff", 6) == 0 &&
	       memcmp(b + 6, &ports[pkt_meta(m)->out_port].mac, 6) == 0 && b[12] == 8 &&
	       b[13] == 6 && b[21] == 1 && memcmp(b + 28, addr, 4) == 0 &&
	       memcmp(b + 38, addr, 4) == 0;
}

/* An advertisement to everybody that takes the place of what they know. */
static bool is_advertised(struct rte_mbuf *m, const struct abi_addr *addr)
{
	const uint8_t *b = rte_pktmbuf_mtod(m, const uint8_t *), *nd = b + 14 + 40;

	return b[12] == 0x86 && b[14 + 6] == IPPROTO_ICMPV6 && b[14 + 24] == 0xff && nd[0] == 136 &&
	       (nd[4] & 0x20) != 0 && memcmp(nd + 8, addr->bytes, 16) == 0;
}

struct announced {
	unsigned int wan, lan, wan6, lan6;
};

static struct announced take_announced(void)
{
	const struct abi_addr wan6 = six(2, 1), lan6 = six(1, 1);
	struct announced n = {0};
	struct rte_mbuf *m;

	while (rte_ring_dequeue(reply, (void **)&m) == 0) {
		bool wan = pkt_meta(m)->out_port == WAN;

		n.wan += wan && is_gratuitous(m, "\xc0\x00\x02\x01");
		n.lan += !wan && is_gratuitous(m, "\xc0\xa8\x01\x01");
		n.wan6 += wan && is_advertised(m, &wan6);
		n.lan6 += !wan && is_advertised(m, &lan6);
		rte_pktmbuf_free(m);
	}
	return n;
}

/* Switches and hosts may have it somewhere else (RFC 5227 section 2.3); an IPv6 address on that
 * link when nobody else has taken it meanwhile (RFC 4862 section 5.4). */
static void what_comes_back_is_announced(void **state)
{
	struct announced at_once, later;

	(void)state;
	set_link(WAN, false);
	empty(reply);
	set_link(WAN, true);
	at_once = take_announced();
	assert_int_equal(at_once.wan, 1);
	assert_int_equal(at_once.lan, 1);
	assert_int_equal(at_once.wan6, 0);
	assert_int_equal(at_once.lan6, 1);
	for (uint64_t t = 0; t < 2 * DAD_NS; t += TICK)
		fixture_tick(f, TICK);
	later = take_announced();
	assert_int_equal(later.wan + later.lan + later.lan6, 0);
	assert_int_equal(later.wan6, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(control_is_told),
		T(its_neighbours_are_forgotten_and_no_others),
		T(what_comes_back_is_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
