/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spray_mixed.c - what is among the ESP that a worker gives away, and what comes behind it,
 * keeps the order, too: packets in clear, fragments, packets whose SA has not come yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "dataplane/early.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh_table.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/spray.h"
#include "dataplane/stages.h"
#include "tests/unit/dataplane/sprayed.h"
#include "tests/unit/dataplane/tunnels.h"

#define FEW 32u /* packets */

static void what_is_in_clear_keeps_its_turn_as_well(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++) {
		sprayed_mixed(w, i * WORKER_BURST, pkts);
		pipeline_input(w, 1, pkts, WORKER_BURST);
	}
	assert_int_equal(sprayed.n_out, 0); /* the third, which it has done itself, waits whole */
	for (uint32_t i = 0; i < SPRAY_PER_IDLE; i++) {
		assert_int_equal(pipeline_help(other), WORKER_BURST);
		assert_int_equal(sprayed.n_out, (i + 1) * WORKER_BURST);
	}
	pipeline_poll(w);
	for (uint32_t i = 0; i < SPRAY_PER_IDLE + 1; i++)
		sprayed_sort_burst(i * WORKER_BURST);
	sprayed_expect_in_order((SPRAY_PER_IDLE + 1) * WORKER_BURST);
}

/* One of nothing but clear packets, behind one that was given away. */
static void a_burst_in_clear_waits_for_those_given_away(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_give(w, other);
	pkts[0] = sprayed_clear(WORKER_BURST, false);
	pipeline_input(w, 1, pkts, 1);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	pipeline_poll(w);
	sprayed_expect_in_order(WORKER_BURST + 1);
}

/* What came to another port has no part in it. */
static void another_port_waits_for_nothing(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_give(w, other);
	for (uint32_t i = 0; i < WORKER_BURST; i++)
		pkts[i] = tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, i, SPRAYED_LEN);
	pipeline_input(w, 0, pkts, WORKER_BURST);
	assert_int_equal(sprayed.n_out, WORKER_BURST);
	assert_int_equal(crew_sa(sprayed.crew, tunnels_slot_out(1)).packets, WORKER_BURST);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	assert_int_equal(sprayed.n_out, 2 * WORKER_BURST);
}

/* Two ports, of which both have given. */
static void each_port_waits_for_its_own(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	spray_kept(w->spray, 0, 1, 1);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	for (uint32_t i = 0; i < WORKER_BURST; i++)
		pkts[i] = tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, i, SPRAYED_LEN);
	pipeline_input(w, 0, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 2);
	for (uint8_t port = 0; port < 2; port++) {
		pkts[0] = sprayed_clear(0, false);
		rte_pktmbuf_mtod(pkts[0], struct rte_ether_hdr *)->dst_addr.addr_bytes[5] =
			(uint8_t)(port + 1);
		pipeline_input(w, port, pkts, 1);
	}
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 2 * WORKER_BURST + 2);
}

static void so_many_are_open_and_no_more(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct spray_burst taken[SPRAY_OPEN];
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	for (uint32_t i = 0; i < SPRAY_OPEN; i++) {
		sprayed_sealed(w, i * WORKER_BURST, pkts, WORKER_BURST);
		pipeline_input(w, 1, pkts, WORKER_BURST);
		assert_true(spray_take(other->spray, false, &taken[i]));
	}
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(order_waiting(w->order), 1);
	for (uint32_t i = 0; i < SPRAY_OPEN; i++)
		sprayed_end_turn(other, &taken[i]);
	pipeline_poll(w);
	sprayed_expect_in_order(WORKER_BURST);
}

/* A turn that is taken and finds no room would never end: those behind it would wait for it. */
static void takes_no_turn_where_there_is_no_room(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	uint64_t done = 0;

	(void)state;
	sprayed_give(w, other);
	for (uint64_t i = 0; order_has_room(w->order); i++)
		assert_int_not_equal(order_take_turn(w->order, &done, i + 2, w->now), ORDER_NONE);
	sprayed_sealed(w, 0, pkts, 1);
	pipeline_input(w, 1, pkts, 1);
	assert_int_equal(sprayed.n_out, 1);
	assert_int_equal(spray_open(w->spray), 1);
	assert_int_equal(w->counters->out_of_turn, 0);
	assert_int_equal(pipeline_help(w), 0); /* nor does it take one */
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
}

/* A burst counts where it was received, and its packets where they are parsed. */
static void what_is_given_away_counts_once(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	const unsigned int full = stages_fill_of(WORKER_BURST);
	static struct stages counts[2];
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	memset(counts, 0, sizeof(counts));
	w->stages = &counts[0];
	other->stages = &counts[1];
	sprayed_make_idle(other);
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	stages_switch(w, true);
	stages_switch(other, true);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	assert_int_equal(counts[0].fill[full], 1);
	assert_int_equal(counts[1].fill[full], 0);
	assert_int_equal(counts[0].stage[STAGE_PARSE].packets, 0);
	assert_int_equal(counts[1].stage[STAGE_PARSE].packets, WORKER_BURST);
	assert_int_equal(counts[1].stage[STAGE_PARSE].bursts, 1);
}

/* A burst that is not full, so that w does it itself, with so many of FEW in clear; then it has
 * received enough to give away. */
static void show_port(struct worker *w, uint32_t in_clear)
{
	struct rte_mbuf *pkts[FEW];

	sprayed_sealed(w, 0, pkts, FEW);
	for (uint32_t i = 0; i < in_clear; i++) {
		rte_pktmbuf_free(pkts[i]);
		pkts[i] = sprayed_clear(i, false);
	}
	pipeline_input(w, 1, pkts, FEW);
	for (unsigned int i = 0; i < SPRAY_FULL_RUNS; i++)
		spray_received(w->spray, true);
}

/* Of what it has done itself it knows what a port brings. */
static void gives_away_what_is_mostly_esp(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	for (unsigned int i = 0; i < SPRAY_FULL_RUNS; i++)
		spray_received(w->spray, true);
	sprayed_make_idle(other);
	sprayed_mixed(w, 0, pkts); /* nothing is known of the port */
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
	show_port(w, FEW / 2);
	sprayed_mixed(w, WORKER_BURST, pkts);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 1);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	show_port(w, FEW / 2 + 1);
	sprayed_mixed(w, 2 * WORKER_BURST, pkts);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
}

/* The first of the two has `first` bytes behind its IP header, a multiple of 8. */
static void split(struct rte_mbuf *m, uint16_t first, struct rte_mbuf **pieces)
{
	const uint16_t head = RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr);

	for (unsigned int i = 0; i < 2; i++) {
		struct rte_ipv4_hdr *ip;

		pieces[i] = rte_pktmbuf_copy(m, sprayed.crew->pool, 0, UINT32_MAX);
		assert_non_null(pieces[i]);
		ip = rte_pktmbuf_mtod_offset(pieces[i], struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
		if (i == 0) {
			rte_pktmbuf_trim(pieces[i], (uint16_t)(m->data_len - head - first));
		} else {
			memmove((uint8_t *)(ip + 1), (uint8_t *)(ip + 1) + first,
				m->data_len - head - first);
			rte_pktmbuf_trim(pieces[i], first);
		}
		ip->fragment_offset = rte_cpu_to_be_16(i == 0 ? RTE_IPV4_HDR_MF_FLAG : first / 8);
		ip->total_length = rte_cpu_to_be_16(pieces[i]->data_len - RTE_ETHER_HDR_LEN);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	}
	rte_pktmbuf_free(m);
}

static void fragments_among_what_is_given_away_are_put_together(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(other);
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST - 1);
	split(pkts[WORKER_BURST - 2], 64, &pkts[WORKER_BURST - 2]);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 1);
	assert_int_equal(pipeline_help(other), WORKER_BURST);
	for (unsigned int i = 0; i < SPRAYED_WORKERS; i++) /* whose it is to put that together */
		pipeline_poll(&sprayed.crew->member[i]->w);
	assert_int_equal(crew_drops(sprayed.crew, DROP_NET_CONSUMED), 1); /* two are one now */
	assert_int_equal(crew_all_drops(sprayed.crew), 1);
	sprayed_expect_in_order(WORKER_BURST - 1);
}

/* One packet for the SA of tunnel 1, which has not come yet. */
static struct rte_mbuf *early(struct worker *w, uint32_t number)
{
	const struct abi_sa_add sa = tunnels_sa_in(sprayed.h, 1, &tunnels_sha1, 64);
	const uint32_t tunnel = 1;
	const uint16_t len = SPRAYED_LEN;
	struct rte_mbuf *m;

	if (sad_slot(sprayed.h->tables.sad, sa.slot) != NULL) {
		assert_int_equal(sad_delete(sprayed.h->tables.sad, sa.slot, sa.spi), ABI_OK);
		sad_reclaim(sprayed.h->tables.sad, sa.slot);
	}
	early_expect(sprayed.h->tables.early, sa.spi);
	assert_int_equal(
		tunnels_sealed(w, sprayed.crew->pool, &tunnel, SPRAYED_FLOW, number, &len, &m, 1),
		0);
	return m;
}

static void its_sa_comes(void)
{
	const struct abi_sa_add sa = tunnels_sa_in(sprayed.h, 1, &tunnels_sha1, 64);
	uint32_t detail;

	assert_int_equal(sad_add(sprayed.h->tables.sad, &sa, 1, 1, &detail), ABI_OK);
}

static void gives_nothing_away_while_packets_wait_for_their_sa(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];

	(void)state;
	sprayed_make_idle(&sprayed.crew->member[1]->w);
	pkts[0] = early(w, 0);
	pipeline_input(w, 1, pkts, 1);
	assert_int_equal(sprayed.n_out, 0);
	sprayed_saturate(w);
	sprayed_sealed(w, 1, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_int_equal(spray_open(w->spray), 0);
	assert_int_equal(sprayed.n_out, WORKER_BURST);
	its_sa_comes();
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, WORKER_BURST + 1);
}

/* The last of the old SA may be among what was given away. */
static void what_waited_for_its_sa_waits_for_those_given_away_too(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	struct spray_burst b;

	(void)state;
	sprayed_give(w, other);
	assert_true(spray_take(other->spray, false, &b));
	pkts[0] = early(w, 0);
	pipeline_input(w, 1, pkts, 1);
	its_sa_comes();
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(w->pipe->early.n, 0);
	sprayed_end_turn(other, &b);
	pipeline_poll(w);
	sprayed_expect_in_order(1);
}

/* Nor may what comes behind that overtake it: it came to another port than those given away. */
static void what_follows_one_that_waited_for_its_sa_waits_too(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	const uint32_t tunnel = 1;
	const uint16_t len = SPRAYED_LEN;
	struct rte_mbuf *pkts[WORKER_BURST], *next;
	struct spray_burst b, second;

	(void)state;
	sprayed_give(w, other);
	assert_true(spray_take(other->spray, false, &b));
	pkts[0] = early(w, 0);
	assert_int_equal(
		tunnels_sealed(w, sprayed.crew->pool, &tunnel, SPRAYED_FLOW, 1, &len, &next, 1), 0);
	rte_pktmbuf_mtod(pkts[0], struct rte_ether_hdr *)->dst_addr.addr_bytes[5] = 1;
	rte_pktmbuf_mtod(next, struct rte_ether_hdr *)->dst_addr.addr_bytes[5] = 1;
	pipeline_input(w, 0, pkts, 1);
	its_sa_comes();
	pipeline_poll(w);
	assert_int_equal(w->pipe->early.n, 0);
	pipeline_input(w, 0, &next, 1);
	assert_int_equal(sprayed.n_out, 0);
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
	assert_true(spray_take(other->spray, false, &second));
	assert_int_equal(spray_open(w->spray), 4);
	sprayed_end_turn(other, &b);
	pipeline_poll(w);
	sprayed_expect_in_order(2);
	next = tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, 0, SPRAYED_LEN);
	pipeline_input(w, 0, &next, 1);
	assert_int_equal(sprayed.n_out, 3); /* for it there is nothing to wait for any more */
	sprayed_end_turn(other, &second);
}

/* From a.0/24 to b.0/24. */
static struct abi_policy policy(uint32_t id, uint8_t action, uint32_t a, uint32_t b)
{
	struct abi_policy p = {
		.policy_id = id, .action = action, .mode = ABI_MODE_TUNNEL, .generation = 2};
	const uint32_t lo[] = {rte_cpu_to_be_32(a), rte_cpu_to_be_32(b)};
	const uint32_t hi[] = {rte_cpu_to_be_32(a | 0xff), rte_cpu_to_be_32(b | 0xff)};

	p.local = p.remote = (struct abi_range){.family = 4, .port_hi = UINT16_MAX};
	memcpy(p.local.lo, &lo[0], 4);
	memcpy(p.local.hi, &hi[0], 4);
	memcpy(p.remote.lo, &lo[1], 4);
	memcpy(p.remote.hi, &hi[1], 4);
	return p;
}

static void use_policies(const struct abi_policy *p, const uint32_t *index, uint32_t n)
{
	uint32_t status, detail;

	spd_free(sprayed.h->tables.spd);
	sprayed.h->tables.spd = spd_build(p, index, n, 2, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(sprayed.h->tables.spd);
}

/* A burst of w is with another, and one packet behind it waits here. */
static void leave_one_open(struct worker *w, struct worker *other, struct spray_burst *b)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	sprayed_give(w, other);
	assert_true(spray_take(other->spray, false, b));
	sprayed_sealed(w, 0, pkts, 1);
	pipeline_input(w, 1, pkts, 1);
	assert_int_equal(order_waiting(w->order), 1);
}

/* The number of its block was another worker's, or another time's: that one's turn is not its. */
static void what_comes_back_from_the_manager_waits_for_nothing(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct rte_mbuf *m = sprayed_clear(7, false);
	struct spray_burst b;

	(void)state;
	leave_one_open(w, other, &b);
	parse_burst(w, 1, &m, 1);
	pkt_meta(m)->trim = 1;
	assert_int_equal(rte_ring_enqueue(w->reply, m), 0);
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 1);
	assert_int_equal(sprayed.out[0], 7);
	sprayed_end_turn(other, &b);
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 2);
}

/* Once it is sealed no policy looks at it: one that blocks what else goes to the peer does not
 * concern it. */
static void what_is_sealed_and_split_waits_for_its_number_alone(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	const uint32_t site = HARNESS_IP(192, 168, 1, 0), peer = HARNESS_IP(203, 0, 113, 0);
	const struct abi_policy p[] = {policy(2, ABI_ACT_PROTECT, site, HARNESS_IP(10, 0, 1, 0)),
				       policy(3, ABI_ACT_DISCARD, HARNESS_IP(192, 0, 2, 0), peer)};
	struct abi_sa_add add = tunnels_sa_out(sprayed.h, 1, &tunnels_sha1);
	struct sad *sad = sprayed.h->tables.sad;
	struct spray_burst b;
	struct rte_mbuf *m;
	uint32_t detail;
	struct sa *sa;

	(void)state;
	leave_one_open(w, other, &b);
	use_policies(p, (const uint32_t[]){1, 2}, 2);
	assert_int_equal(sad_delete(sad, add.slot, add.spi), ABI_OK);
	sad_reclaim(sad, add.slot);
	add.df = ABI_DF_CLEAR;
	assert_int_equal(sad_add(sad, &add, 1, 1, &detail), ABI_OK);
	sa = sad_slot(sad, add.slot);
	ports[1].mtu = 100;
	sa->seq += 5; /* another worker has taken these numbers, and not sent them */
	m = tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, 0, SPRAYED_LEN);
	pipeline_input(w, 0, &m, 1);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(crew_sa(sprayed.crew, tunnels_slot_out(1)).packets, 1);
	sa->sent += 5;
	pipeline_poll(w);
	assert_int_equal(crew_all_drops(sprayed.crew), 0);
	assert_int_equal(sprayed.n_out, 2);
	sprayed_end_turn(other, &b);
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 3);
}

#define PIECE6	 1000u /* bytes in the first of two pieces; in all they make LARGE6 with headers */
#define LARGE6	 1400u
#define ID6	 1
#define HEADERS6 (RTE_ETHER_HDR_LEN + 40 + 8)

static const struct abi_addr site6 = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 1}};
static const struct abi_addr host6 = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 0x12}};
static const struct abi_addr wan6 = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 1}};
static const struct abi_addr far6 = {6, {0}, {0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 9}};

/* One of two pieces of a packet of LARGE6 bytes, as it comes to port 1. */
static struct rte_mbuf *piece6(uint8_t id, bool last)
{
	const uint16_t len = last ? LARGE6 - 40 - PIECE6 : PIECE6;
	struct rte_mbuf *m = rte_pktmbuf_alloc(sprayed.crew->pool);
	uint8_t *frame, *ip;

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, (uint16_t)(HEADERS6 + len)));
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	ip = frame + RTE_ETHER_HDR_LEN;
	memset(frame, 0, HEADERS6 + len);
	memcpy(frame, &ports[1].mac, RTE_ETHER_ADDR_LEN);
	memcpy(frame + 6, "\x02\x00\x00\x00\x02\x09\x86\xdd", 8);
	ip[0] = 0x60;
	ip[4] = (uint8_t)((8 + len) >> 8);
	ip[5] = (uint8_t)(8 + len);
	ip[6] = 44;
	ip[7] = 64;
	memcpy(ip + 8, far6.bytes, 16);
	memcpy(ip + 24, host6.bytes, 16);
	ip[40] = 50; /* nothing that has ports */
	ip[42] = last ? PIECE6 >> 8 : 0;
	ip[43] = last ? (uint8_t)PIECE6 : 1;
	ip[47] = id;
	return m;
}

static void speak_ipv6(void)
{
	const struct abi_address a[] = {{.port = 0, .prefix_len = 64, .addr = site6},
					{.port = 1, .prefix_len = 64, .addr = wan6}};
	const struct rte_ether_addr mac = {{2, 0, 0, 0, 1, 0x12}};
	struct tables *t = &sprayed.h->tables;
	uint32_t status;

	t->fib6 = fib6_build(a, 2, NULL, 0, HARNESS_PORTS, SOCKET_ID_ANY, &status);
	assert_non_null(t->fib6);
	assert_true(neigh_table_insert(t->neigh6, 0, neigh_key6(host6.bytes), NEIGH_KNOWN, &mac) >=
		    0);
}

/* What is put together here of IPv6 goes on in pieces of 1280 bytes, however late. */
static void what_was_put_together_and_waited_is_split_again(void **state)
{
	struct worker *w = &sprayed.crew->member[0]->w, *other = &sprayed.crew->member[1]->w;
	struct abi_policy p = policy(2, ABI_ACT_BYPASS, 0, 0);
	struct spray_burst b;
	struct rte_mbuf *m;

	(void)state;
	p.remote.port_hi = 1; /* so it must be whole */
	use_policies(&p, (const uint32_t[]){1}, 1);
	speak_ipv6();
	leave_one_open(w, other, &b);
	for (unsigned int i = 0; i < 2; i++) { /* they are for w to put together */
		m = piece6(ID6, i == 1);
		pipeline_input(other, 1, &m, 1);
	}
	assert_int_equal(reasm_held(sprayed.crew->reasm[1]), 0);
	pipeline_poll(w);
	assert_int_equal(sprayed.n_out, 0);
	assert_int_equal(order_waiting(w->order), 2);
	m = tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, 0, SPRAYED_LEN);
	pipeline_input(w, 0, &m, 1);
	sprayed_end_turn(other, &b);
	pipeline_poll(w);
	assert_int_equal(crew_drops(sprayed.crew, DROP_NET_CONSUMED), 1);
	assert_int_equal(crew_all_drops(sprayed.crew), 1);
	assert_int_equal(sprayed.n_out, 4); /* two pieces of it */
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, sprayed_setup, sprayed_teardown)
	const struct CMUnitTest tests[] = {
		WITH(what_is_in_clear_keeps_its_turn_as_well),
		WITH(a_burst_in_clear_waits_for_those_given_away),
		WITH(another_port_waits_for_nothing),
		WITH(each_port_waits_for_its_own),
		WITH(so_many_are_open_and_no_more),
		WITH(takes_no_turn_where_there_is_no_room),
		WITH(what_is_given_away_counts_once),
		WITH(gives_away_what_is_mostly_esp),
		WITH(fragments_among_what_is_given_away_are_put_together),
		WITH(gives_nothing_away_while_packets_wait_for_their_sa),
		WITH(what_waited_for_its_sa_waits_for_those_given_away_too),
		WITH(what_follows_one_that_waited_for_its_sa_waits_too),
		WITH(what_comes_back_from_the_manager_waits_for_nothing),
		WITH(what_is_sealed_and_split_waits_for_its_number_alone),
		WITH(what_was_put_together_and_waited_is_split_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
