/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_flood.c - a million random and mutated packets through the whole pipeline with a tunnel up:
 * none is lost from the books, no buffer leaks, and a good packet still gets through afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "dataplane/api/counters.h"
#include "dataplane/net/ip6.h"
#include "tests/fuzz/site.h"
#include "tests/unit/dataplane/harness.h"

#define ROUNDS 250000u /* of each kind */

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t pick(uint64_t n)
{
	return random_next(&seed) % n;
}

static int setup(void **state)
{
	(void)state;
	return site_create();
}

static int teardown(void **state)
{
	(void)state;
	site_free();
	return 0;
}

/* UDP from the far host to ours, as it must look inside the tunnel. */
static size_t good_inner(uint8_t *out, size_t data)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)out;
	size_t len = 28 + data;

	memset(out, 0, len);
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16((uint16_t)len),
				    .time_to_live = 64,
				    .next_proto_id = IPPROTO_UDP,
				    .src_addr = RTE_BE32(HARNESS_IP(10, 100, 1, 6)),
				    .dst_addr = RTE_BE32(HARNESS_IP(192, 168, 1, 12))};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	out[22] = 0x27;
	out[25] = (uint8_t)(8 + data);
	out[24] = (uint8_t)((8 + data) >> 8);
	return len;
}

static size_t good_frame(uint8_t *out)
{
	uint8_t inner[1400];
	struct reference_esp e = {.next_header = 4, .pad = -1, .pad_length = -1};

	reference_fill(&seed, e.iv, sizeof(e.iv));
	return site_seal(pick(2), &e, inner, good_inner(inner, pick(1300)), out);
}

static void damage(uint8_t *p, size_t len, unsigned int times)
{
	while (times-- > 0)
		p[pick(len)] ^= (uint8_t)(1 + pick(255));
}

static void expect_books(void)
{
	assert_true(site_check());
}

static void random_frames_are_each_counted_once(void **state)
{
	uint8_t frame[2200];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t len = pick(sizeof(frame));

		reference_fill(&seed, frame, len);
		site_frame((uint8_t)pick(2), frame, len);
	}
	expect_books();
}

static void damaged_esp_is_each_counted_once(void **state)
{
	uint8_t frame[2200];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t len = good_frame(frame);

		damage(frame, len, (unsigned int)(1 + pick(3)));
		site_frame(SITE_WAN, frame, pick(4) ? len : pick(len + 1));
	}
	expect_books();
	assert_true(site_drops(DROP_IN_STATE_PROTOCOL_ERRORS) > ROUNDS / 4);
}

/* Genuine ESP around nonsense: what a hostile peer can send. */
static void authenticated_nonsense_is_each_counted_once(void **state)
{
	uint8_t frame[2200], inner[1400];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct reference_esp e = {.next_header = pick(3) ? 4 : (uint8_t)pick(256),
					  .pad = -1,
					  .bad_pad = pick(8) == 0,
					  .pad_length = pick(8) ? -1 : (int)pick(256)};
		size_t len = good_inner(inner, pick(1300));

		reference_fill(&seed, e.iv, sizeof(e.iv));
		if (pick(2))
			damage(inner, len < 40 ? len : 40, (unsigned int)(1 + pick(4)));
		else
			reference_fill(&seed, inner, len = pick(1400));
		len = site_seal(pick(2), &e, inner, len, frame);
		site_frame(SITE_WAN, frame, len);
	}
	expect_books();
	assert_true(site_drops(DROP_IN_NO_POLICIES) > 0);
}

/* Clear packets from either side that are almost right: addresses, fragments, options, TTL. */
static void damaged_clear_packets_are_each_counted_once(void **state)
{
	uint8_t frame[2200] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0x12, 8, 0};

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + 14);
		size_t len = 14 + good_inner(frame + 14, pick(1472));
		uint8_t port = (uint8_t)pick(2);

		frame[5] = (uint8_t)(port + 1);
		if (pick(2)) { /* the way out */
			ip->src_addr = RTE_BE32(HARNESS_IP(192, 168, 1, 12));
			ip->dst_addr = RTE_BE32(HARNESS_IP(10, 100, 1, 6));
		}
		damage(frame + 14, 28, (unsigned int)pick(3));
		ip->hdr_checksum = 0;
		if ((ip->version_ihl & 0xf) >= 5)
			ip->hdr_checksum = rte_ipv4_cksum(ip);
		site_frame(port, frame, len);
	}
	expect_books();
	assert_true(site_drops(DROP_IN_TEMPLATE_MISMATCHES) > 0);
}

/* The same as IPv6: far host to ours, or the way out. */
static size_t good_inner6(uint8_t *out, size_t data, bool outward)
{
	static const uint8_t far[6] = {0x20, 1, 0xd, 0xb8, 0, 11},
			     ours[6] = {0x20, 1, 0xd, 0xb8, 0, 1};
	size_t len = 48 + data;

	memset(out, 0, len);
	out[0] = 0x60;
	out[4] = (uint8_t)((8 + data) >> 8);
	out[5] = (uint8_t)(8 + data);
	out[6] = pick(4) ? IPPROTO_UDP : (uint8_t)pick(256); /* or some extension header */
	out[7] = 64;
	memcpy(out + 8, outward ? ours : far, 6);
	memcpy(out + 24, outward ? far : ours, 6);
	out[23] = out[39] = 0x12;
	out[42] = 0x27;
	out[44] = out[4];
	out[45] = out[5];
	return len;
}

/* In a tunnel, plain or in UDP, and in transport mode. */
static void authenticated_ipv6_nonsense_is_each_counted_once(void **state)
{
	static const unsigned int how[] = {0, SITE_UDP, SITE_TRANSPORT};
	uint8_t frame[2200], inner[1400];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct reference_esp e = {.next_header = pick(3) ? 41 : (uint8_t)pick(256),
					  .pad = -1,
					  .bad_pad = pick(16) == 0,
					  .pad_length = pick(16) ? -1 : (int)pick(256)};
		size_t len = good_inner6(inner, pick(1300), false);

		reference_fill(&seed, e.iv, sizeof(e.iv));
		if (pick(4))
			damage(inner, len < 60 ? len : 60, (unsigned int)pick(4));
		else
			reference_fill(&seed, inner, len = pick(1400));
		len = site_seal(how[pick(3)], &e, inner, len, frame);
		site_frame(SITE_WAN, frame, len);
	}
	expect_books();
	assert_true(site_drops(DROP_IN_STATE_MODE_ERRORS) > ROUNDS / 16);
}

static void damaged_clear_ipv6_is_each_counted_once(void **state)
{
	uint8_t frame[2200] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0x12, 0x86, 0xdd};

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		bool outward = pick(2);
		size_t len = 14 + good_inner6(frame + 14, pick(1450), outward);

		frame[5] = outward ? 1 : 2;
		damage(frame + 14, 60, (unsigned int)pick(3));
		site_frame(outward ? SITE_LAN : SITE_WAN, frame, len);
	}
	expect_books();
}

/* One of the site's IPv6 addresses, or somebody's of its networks or behind them. */
static void address6(uint8_t *a)
{
	static const uint8_t nets[] = {1, 1, 2, 2, 0xa, 0xb};
	static const uint8_t hosts[] = {1, 1, 0x12, 0xfe};

	memset(a, 0, 16);
	memcpy(a, "\x20\x01\x0d\xb8", 4);
	a[5] = nets[pick(sizeof(nets))];
	a[15] = hosts[pick(sizeof(hosts))];
	if (pick(8) == 0)
		memcpy(a, "\xfe\x80\0\0\0\0\0\0", 8);
}

/* Some extension headers from at on; returns where they end. *next: what comes first. */
static size_t chain6(uint8_t *out, uint8_t last, uint8_t *next)
{
	static const uint8_t types[] = {60, 43, 44, 60};
	size_t at = 0;
	uint8_t *link = next;

	for (uint64_t n = pick(4); n > 0; n--) {
		*link = types[pick(sizeof(types))];
		memset(out + at, 0, 8);
		out[at + 2] = *link == 43 ? 4 : 0;
		if (*link == 44 && pick(2))
			out[at + 3] = (uint8_t)pick(256);
		link = out + at;
		at += 8;
	}
	*link = last;
	return at;
}

static size_t good_frame6(uint8_t *out, uint8_t port)
{
	static const uint8_t protos[] = {17, 17, 6, 50, 58, 58, 59};
	static const uint8_t icmp[] = {1, 2, 128, 135, 136};
	uint8_t proto = protos[pick(sizeof(protos))], *ip = out + 14, *l4;
	size_t len = 24 + pick(1300), chain;
	uint16_t sum;

	memset(out, 0, 14 + 40);
	out[0] = out[6] = 2;
	out[5] = (uint8_t)(port + 1);
	out[11] = 9;
	out[12] = 0x86;
	out[13] = 0xdd;
	ip[0] = 0x60;
	ip[7] = pick(8) ? 255 : (uint8_t)pick(3);
	address6(ip + 8);
	address6(ip + 24);
	chain = chain6(ip + 40, proto, ip + 6);
	l4 = ip + 40 + chain;
	reference_fill(&seed, l4, len);
	ip[4] = (uint8_t)((chain + len) >> 8);
	ip[5] = (uint8_t)(chain + len);
	if (proto == 17) {
		l4[2] = pick(2) ? 1 : 0x11;
		l4[3] = l4[2] == 1 ? 0xf4 : 0x94; /* 500, 4500 */
		l4[4] = (uint8_t)(len >> 8);
		l4[5] = (uint8_t)len;
	} else if (proto == 58) {
		l4[0] = icmp[pick(sizeof(icmp))];
		l4[1] = 0;
	}
	if (proto == 17 || proto == 58) {
		memset(l4 + (proto == 58 ? 2 : 6), 0, 2);
		sum = ip6_cksum(ip + 8, ip + 24, proto, l4, (uint32_t)len);
		memcpy(l4 + (proto == 58 ? 2 : 6), &sum, 2);
	}
	return 14 + 40 + chain + len;
}

static void chains_and_discovery_are_each_counted_once(void **state)
{
	uint8_t frame[2200];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint8_t port = (uint8_t)pick(2);
		size_t len = good_frame6(frame, port);

		if (pick(2))
			damage(frame + 14, len < 110 ? len - 14 : 96, (unsigned int)pick(3));
		site_frame(port, frame, pick(8) ? len : pick(len + 1));
	}
	expect_books();
	assert_true(site_drops(DROP_IN_TEMPLATE_MISMATCHES) > 0);
	assert_true(site_drops(DROP_NET_ND) > 0);
	assert_true(site_drops(DROP_NET_TTL) > 0);
}

static void a_good_packet_still_gets_through(void **state)
{
	uint8_t frame[2200], inner[200];
	struct reference_esp e = {.next_header = 4, .pad = -1, .pad_length = -1};
	uint64_t sent = site_sent();

	(void)state;
	site_frame(SITE_WAN, frame, site_seal(SITE_UDP, &e, inner, good_inner(inner, 100), frame));
	assert_int_equal(site_sent(), sent + 1);
	expect_books();
	print_message("%lu fed, %lu sent, %lu dropped\n", site_fed(), site_sent(), site_dropped());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_frames_are_each_counted_once),
		cmocka_unit_test(damaged_esp_is_each_counted_once),
		cmocka_unit_test(authenticated_nonsense_is_each_counted_once),
		cmocka_unit_test(damaged_clear_packets_are_each_counted_once),
		cmocka_unit_test(authenticated_ipv6_nonsense_is_each_counted_once),
		cmocka_unit_test(damaged_clear_ipv6_is_each_counted_once),
		cmocka_unit_test(chains_and_discovery_are_each_counted_once),
		cmocka_unit_test(a_good_packet_still_gets_through),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
