/* SPDX-License-Identifier: BSD-3-Clause */
/* test_unreach.c - ICMP errors about IKE of ours: what is read of them, and what is no such thing.
 */
#include "tests/unit/dataplane/net/netkit.h"

#include "dataplane/net/icmp.h"
#include "dataplane/net/unreach.h"

#define ROUTER IP(113, 87, 48, 77)
#define PEER   IP(119, 91, 254, 122)
#define QUOTED 40u /* bytes behind the quoted IP header: UDP, marker, cookies and more */

/* What a router sends about a datagram of ours from and to a port. */
static struct frame error_about(uint8_t type, uint8_t code, unsigned int port, size_t quoted)
{
	struct frame f = frame_ipv4(ROUTER, WAN_US, 1, 8 + 20 + quoted);
	uint8_t *icmp = f.b + ETH + 20, *ip = icmp + 8;
	uint8_t bytes[QUOTED] = {0};

	memset(icmp, 0, 8 + 20 + quoted);
	icmp[0] = type;
	icmp[1] = code;
	ip[0] = 0x45;
	ip[9] = 17;
	put32(ip + 12, WAN_US);
	put32(ip + 16, PEER);
	put16(bytes, port);
	put16(bytes + 2, port);
	memcpy(bytes + (port == 4500 ? 12 : 8), "cookie-i", 8);
	memcpy(ip + 20, bytes, quoted);
	put16(icmp + 2, ref_cksum(icmp, 8 + 20 + quoted));
	return f;
}

/* As a worker and then the manager have it; true and *p when control is told. */
static bool told(const struct frame *f, struct abi_packet *p)
{
	struct rte_mbuf *m = kit_parse(f);
	bool ok;

	kit.w->unreach_full = 0;
	local_burst(kit.w, &m, 1);
	ok = pkt_meta(m)->verdict == PKT_SLOW && unreach_is(pkt_meta(m));
	if (ok)
		assert_true(unreach_read(m, p));
	else
		assert_int_equal(pkt_meta(m)->reason, DROP_NET_LOCAL);
	rte_pktmbuf_free(m);
	return ok;
}

static void tells_control_who_says_what_about_which_message(void **state)
{
	static const unsigned int both[] = {500, 4500};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct frame f = error_about(3, 13, both[i], QUOTED);
		struct abi_unreachable u;
		struct abi_packet p;

		assert_true(told(&f, &p));
		assert_int_equal(p.msg.type, ABI_PACKET_UNREACHABLE);
		assert_int_equal(p.data_len, sizeof(u));
		assert_int_equal(p.msg.length, ABI_PACKET_FIXED + sizeof(u));
		assert_int_equal(p.src_port, both[i]);
		assert_int_equal(p.dst_port, both[i]);
		assert_int_equal(get32(p.src.bytes), PEER);
		assert_int_equal(get32(p.dst.bytes), WAN_US);
		memcpy(&u, p.data, sizeof(u));
		assert_int_equal(u.type, 3);
		assert_int_equal(u.code, 13);
		assert_int_equal(get32(u.from.bytes), ROUTER);
		assert_memory_equal(u.ispi, "cookie-i", 8);
	}
}

static void a_quote_of_eight_bytes_names_the_port(void **state)
{
	struct frame f = error_about(3, 3, 500, 8);
	static const uint8_t zero[8];
	struct abi_unreachable u;
	struct abi_packet p;

	(void)state;
	assert_true(told(&f, &p));
	memcpy(&u, p.data, sizeof(u));
	assert_memory_equal(u.ispi, zero, 8);
	f = error_about(3, 3, 4500, 8); /* ESP or IKE: nobody knows */
	assert_false(told(&f, &p));
}

static void is_silent_about_everything_else(void **state)
{
	struct frame f = error_about(3, 4, 500, QUOTED); /* too big: quote.h's */
	struct rte_mbuf *m = kit_parse(&f);
	struct abi_packet p;

	(void)state;
	assert_false(unreach_is(pkt_meta(m)));
	rte_pktmbuf_free(m);
	f = error_about(11, 0, 500, QUOTED);
	assert_false(told(&f, &p));
	f = error_about(3, 3, 501, QUOTED);
	assert_false(told(&f, &p));
	f = error_about(3, 3, 500, QUOTED);
	f.b[ETH + 20 + 8 + 15]++; /* not our address, and the checksum is wrong */
	assert_false(told(&f, &p));
	f = error_about(3, 3, 4500, QUOTED);
	f.b[ETH + 20 + 8 + 20 + 8] = 1; /* no marker: ESP */
	put16(f.b + ETH + 20 + 2, 0);
	put16(f.b + ETH + 20 + 2, ref_cksum(f.b + ETH + 20, 8 + 20 + QUOTED));
	assert_false(told(&f, &p));
}

/* Every truncation, on an allocation of its own size. */
static void short_ones_are_read_within_their_bounds(void **state)
{
	struct abi_packet p;

	(void)state;
	for (size_t n = 0; n < QUOTED; n++) {
		struct frame f = error_about(3, 3, 500, n);

		assert_int_equal(told(&f, &p), n >= 8);
	}
}

static void only_some_a_second_are_looked_at(void **state)
{
	struct frame f = error_about(3, 3, 500, QUOTED);
	unsigned int passed = 0;

	(void)state;
	kit.w->unreach_full = 0;
	for (int i = 0; i < 1000; i++) {
		struct rte_mbuf *m = kit_parse(&f);

		passed += unreach_screen(kit.w, m) == DROP_NONE;
		rte_pktmbuf_free(m);
	}
	assert_in_range(passed, 1, 30);
}

static void what_comes_out_of_an_sa_is_not_believed(void **state)
{
	struct frame f = error_about(3, 3, 500, QUOTED);
	struct rte_mbuf *m = kit_parse(&f);

	(void)state;
	kit.w->unreach_full = 0;
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	assert_int_equal(unreach_screen(kit.w, m), DROP_NET_LOCAL);
	assert_int_equal(kit.w->unreach_full, 0);
	rte_pktmbuf_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
		T(tells_control_who_says_what_about_which_message),
		T(a_quote_of_eight_bytes_names_the_port),
		T(is_silent_about_everything_else),
		T(short_ones_are_read_within_their_bounds),
		T(only_some_a_second_are_looked_at),
		T(what_comes_out_of_an_sa_is_not_believed),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
