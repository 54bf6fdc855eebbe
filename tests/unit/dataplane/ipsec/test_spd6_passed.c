/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd6_passed.c - IPv6 that came out of tunnels or in clear, and the policies: what is asked
 * of its SA instead, and what must not pass. */
#include "tests/unit/dataplane/ipsec/spdkit.h"

/* Out of a tunnel, one behind the other, to hosts that differ in one bit. */
static void where_one_packet_may_go_the_next_may_not(void **state)
{
	static const uint8_t host[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 6};
	struct rte_mbuf *m[3];

	(void)state;
	for (unsigned int bit = 0; bit < 128; bit++) {
		uint8_t other[16];

		memcpy(other, host, 16);
		other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		spdkit_one_policy6(other, other);
		spdkit_policies[0].remote = spdkit_policies[0].local;
		memset(spdkit_policies[0].local.lo, 0, 16);
		memset(spdkit_policies[0].local.hi, 0xff, 16);
		spdkit_install(1);
		for (unsigned int i = 0; i < 3; i++) {
			m[i] = rte_pktmbuf_alloc(kit.h->pool);
			assert_non_null(m[i]);
			assert_non_null(rte_pktmbuf_append(m[i], 40));
			*pkt_meta(m[i]) = (struct pkt_meta){.verdict = PKT_FORWARD,
							    .proto = 17,
							    .flags = PKT_F_IPV6 | PKT_F_FROM_SA};
			memcpy(rte_pktmbuf_mtod_offset(m[i], uint8_t *, 24), i == 1 ? other : host,
			       16);
		}
		spd_transit_burst(kit.w, m, 3);
		assert_int_equal(pkt_meta(m[0])->verdict, PKT_FORWARD);
		assert_int_equal(pkt_meta(m[1])->verdict, PKT_DROP);
		assert_int_equal(pkt_meta(m[2])->verdict, PKT_FORWARD);
		rte_pktmbuf_free_bulk(m, 3);
	}
}

/* An inbound SA of nothing but IPv6, to these addresses. */
static void add_sa(uint32_t slot, const uint8_t *lo, const uint8_t *hi)
{
	struct abi_sa_add c = espkit_in();

	c.slot = slot;
	c.spi = 0x1000 + slot;
	c.n_local = c.n_remote = 1;
	c.ts_local[0] = c.ts_remote[0] = (struct abi_range){.family = 6, .port_hi = UINT16_MAX};
	memcpy(c.ts_local[0].lo, lo, 16);
	memcpy(c.ts_local[0].hi, hi, 16);
	memset(c.ts_remote[0].hi, 0xff, 16);
	espkit_add(&c);
}

/* What becomes of the last of n packets out of these SAs, to the same host each. */
static enum drop_reason last_of(const uint32_t *slots, uint16_t n, const uint8_t *to, uint8_t flags)
{
	struct rte_mbuf *m[4];
	enum drop_reason why;

	for (uint16_t i = 0; i < n; i++) {
		m[i] = rte_pktmbuf_alloc(kit.h->pool);
		assert_non_null(m[i]);
		assert_non_null(rte_pktmbuf_append(m[i], 40));
		*pkt_meta(m[i]) = (struct pkt_meta){.verdict = PKT_FORWARD,
						    .proto = 17,
						    .sa_slot = slots[i],
						    .flags = PKT_F_IPV6 | PKT_F_FROM_SA};
		memcpy(rte_pktmbuf_mtod_offset(m[i], uint8_t *, 24), to, 16);
	}
	pkt_meta(m[n - 1])->flags |= flags;
	spd_transit_burst(kit.w, m, n);
	assert_int_equal(pkt_meta(m[n - 1])->sa_slot, PKT_NO_SA);
	why = pkt_meta(m[n - 1])->verdict == PKT_DROP ? pkt_meta(m[n - 1])->reason : DROP_NONE;
	rte_pktmbuf_free_bulk(m, n);
	return why;
}

/* Of a packet that came out of a tunnel the SA says where it goes, as long as that is certain. */
static void where_an_sas_packets_go_is_asked_of_the_sa(void **state)
{
	enum { HERE = 30, NEAR_BY };
	static const uint8_t here_lo[16] = {0x20, 1, 0xd, 0xb8, 0, 10};
	static const uint8_t here_hi[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 7};
	static const uint8_t near_hi[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 15};
	static const uint8_t host[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 6};
	static const uint8_t protected[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 10};
	static const uint32_t here[] = {HERE, HERE}, other[] = {HERE, NEAR_BY};
	static const uint32_t none[] = {HERE, ESPKIT_SAS - 1}, nobody[] = {PKT_NO_SA, PKT_NO_SA};
	static const uint32_t wide[] = {HERE, IN_SLOT}; /* of no such range */

	(void)state;
	add_sa(HERE, here_lo, here_hi);
	add_sa(NEAR_BY, here_lo, near_hi);
	spdkit_one_policy6(protected, protected);
	spdkit_policies[0].remote = spdkit_policies[0].local;
	memset(spdkit_policies[0].local.lo, 0, 16);
	memset(spdkit_policies[0].local.hi, 0xff, 16);
	spdkit_install(1);
	for (uint16_t n = 1; n <= 2; n++) {
		/* Its selectors would not have let it through: it is not looked at. */
		assert_int_equal(last_of(here, n, protected, 0), DROP_NONE);
		/* It may have waited, or be ours. */
		assert_int_equal(last_of(here, n, protected, PKT_F_FRAGMENT),
				 DROP_OUT_POLICY_BLOCKED);
		assert_int_equal(last_of(here, n, protected, PKT_F_ORIGIN),
				 DROP_OUT_POLICY_BLOCKED);
		assert_int_equal(last_of(nobody, n, protected, 0), DROP_OUT_POLICY_BLOCKED);
	}
	assert_int_equal(last_of(other, 2, protected, 0), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(last_of(other + 1, 1, protected, 0), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(last_of(other, 2, host, 0), DROP_NONE);
	assert_int_equal(last_of(none, 2, protected, 0), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(last_of(wide, 2, protected, 0), DROP_OUT_POLICY_BLOCKED);
	spdkit_policies[0].remote = spdkit_policies[0].local;
	memcpy(spdkit_policies[0].remote.lo, host, 16); /* in the middle of where they go */
	memcpy(spdkit_policies[0].remote.hi, host, 16);
	spdkit_install(1);
	assert_int_equal(last_of(here, 2, host, 0), DROP_OUT_POLICY_BLOCKED);
	assert_int_equal(last_of(here, 2, protected, 0), DROP_NONE);
	espkit_remove(HERE);
	espkit_remove(NEAR_BY);
}

/* A policy whose remote end is this host alone, of which nothing in clear may go there. */
static void protect(const uint8_t *host)
{
	spdkit_one_policy6(host, host);
	spdkit_policies[0].remote = spdkit_policies[0].local;
	memset(spdkit_policies[0].local.lo, 0, 16);
	memset(spdkit_policies[0].local.hi, 0xff, 16);
	spdkit_install(1);
}

/* Networks of one length are told apart bit by bit, and each is where it is. */
static void where_one_sas_packets_go_anothers_may_not(void **state)
{
	enum { HERE = 30, ELSEWHERE };
	static const uint32_t slots[] = {HERE, ELSEWHERE};
	static const uint8_t here[16] = {0x20, 1, 0xd, 0xb8, 0, 10};
	uint8_t here_hi[16], there[16], there_hi[16], host[16];

	(void)state;
	for (unsigned int bit = 0; bit < 128 - 8; bit++) {
		memcpy(here_hi, here, 16);
		memcpy(there, here, 16);
		there[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		memcpy(there_hi, there, 16);
		memcpy(host, there, 16);
		here_hi[15] = there_hi[15] = 0xff;
		host[15] = 6;
		add_sa(HERE, here, here_hi);
		add_sa(ELSEWHERE, there, there_hi);
		protect(host);
		/* What its SA lets through goes there; what the other one does not. */
		assert_int_equal(last_of(slots + 1, 1, host, 0), DROP_OUT_POLICY_BLOCKED);
		assert_int_equal(last_of(slots, 2, host, 0), DROP_OUT_POLICY_BLOCKED);
		assert_int_equal(last_of(slots, 1, host, 0), DROP_NONE);
		espkit_remove(HERE);
		espkit_remove(ELSEWHERE);
	}
}

/* The bytes of a network count from the first: at its ends, too. */
static void networks_of_many_bytes_have_their_ends(void **state)
{
	enum { HERE = 30 };
	static const uint32_t slot[] = {HERE};
	static const uint8_t lo[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 0xff, 0xff, 0xff, 3, 2, 0xff};
	uint8_t hi[16], host[16];

	(void)state;
	memcpy(hi, lo, 16);
	memset(hi + 12, 0xff, 4);
	add_sa(HERE, lo, hi);
	for (unsigned int end = 0; end < 2; end++) {
		memcpy(host, end == 0 ? lo : hi, 16);
		protect(host);
		assert_int_equal(last_of(slot, 1, host, 0), DROP_OUT_POLICY_BLOCKED);
	}
	espkit_remove(HERE);
}

/* RFC 4301 section 5.2, as for IPv4. */
static void clear_packets_of_a_protected_flow_are_dropped(void **state)
{
	static const uint8_t none[16], all[16] = {255, 255, 255, 255, 255, 255, 255, 255,
						  255, 255, 255, 255, 255, 255, 255, 255};
	struct rte_mbuf *m = rte_pktmbuf_alloc(kit.h->pool);
	const struct pkt_meta meta = {
		.verdict = PKT_FORWARD, .proto = 58, .src_port = 128 << 8, .flags = PKT_F_IPV6};

	(void)state;
	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, 40));
	spdkit_one_policy6(none, all);
	spdkit_policies[0].action = ABI_ACT_PROTECT;
	spdkit_install(1);
	*pkt_meta(m) = meta;
	spd_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_IN_TEMPLATE_MISMATCHES);
	*pkt_meta(m) = meta;
	pkt_meta(m)->flags |= PKT_F_FROM_SA;
	spd_transit_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_SLOW); /* no SA yet at policy 0 */
	spdkit_policies[0].flags = ABI_POL_F_ALLOW_CLEAR;
	spdkit_install(1);
	*pkt_meta(m) = meta;
	spd_in_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	*pkt_meta(m) = meta;
	spd_transit_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->reason, DROP_IN_POLICY_ERRORS);
	rte_pktmbuf_free(m);
}

/* A worker may have no memory for one. */
static void without_a_cache_each_packet_is_asked_about(void **state)
{
	static const uint8_t here[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 6};
	static const uint8_t elsewhere[16] = {0x20, 1, 0xd, 0xb8, 0, 10, [15] = 7};
	static const uint32_t nobody[] = {PKT_NO_SA, PKT_NO_SA, PKT_NO_SA, PKT_NO_SA};
	struct spd_cache *cache = kit.w->spd_cache;

	(void)state;
	protect(here);
	kit.w->spd_cache = NULL;
	for (uint16_t n = 1; n <= 4; n++) {
		assert_int_equal(last_of(nobody, n, here, 0), DROP_OUT_POLICY_BLOCKED);
		assert_int_equal(last_of(nobody, n, elsewhere, 0), DROP_NONE);
	}
	kit.w->spd_cache = cache;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, spdkit_begin, spdkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(where_one_packet_may_go_the_next_may_not),
		CASE(where_an_sas_packets_go_is_asked_of_the_sa),
		CASE(where_one_sas_packets_go_anothers_may_not),
		CASE(networks_of_many_bytes_have_their_ends),
		CASE(without_a_cache_each_packet_is_asked_about),
		CASE(clear_packets_of_a_protected_flow_are_dropped),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
