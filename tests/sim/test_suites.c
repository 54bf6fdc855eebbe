/* SPDX-License-Identifier: BSD-3-Clause */
/* test_suites.c - every ESP suite that IKEv1 can name, and both families inside and outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim.h"

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void init(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
}

static void propose(struct sim *s, int node, uint16_t encr, uint16_t bits, uint16_t integ)
{
	struct ike_proposal_conf *p = &s->node[node].children[0].proposal;

	p->encr[0] = (struct ike_encr_choice){encr, bits};
	p->integ[0] = integ;
	p->n_integ = integ != ABI_INTEG_NONE;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Key material has no holes and no rest. */
static void assert_keys(const struct ike_child_sa *sa, const struct ike_child_key *k)
{
	assert_false(sa->encr_key_len && all_zero(k->encr_key, sa->encr_key_len));
	assert_true(
		all_zero(k->encr_key + sa->encr_key_len, sizeof(k->encr_key) - sa->encr_key_len));
	assert_false(sa->salt_len && all_zero(k->salt, sa->salt_len));
	assert_true(all_zero(k->salt + sa->salt_len, sizeof(k->salt) - sa->salt_len));
	assert_false(sa->integ_key_len && all_zero(k->integ_key, sa->integ_key_len));
	assert_true(all_zero(k->integ_key + sa->integ_key_len,
			     sizeof(k->integ_key) - sa->integ_key_len));
}

static const struct {
	uint16_t encr, bits, integ;
	uint8_t key_len, salt_len, integ_key_len;
} suites[] = {
	{ABI_ENCR_AES_GCM_16, 128, ABI_INTEG_NONE, 16, 4, 0},
	{ABI_ENCR_AES_GCM_16, 192, ABI_INTEG_NONE, 24, 4, 0},
	{ABI_ENCR_AES_GCM_16, 256, ABI_INTEG_NONE, 32, 4, 0},
	{ABI_ENCR_AES_CTR, 128, ABI_INTEG_HMAC_MD5_96, 16, 4, 16},
	{ABI_ENCR_AES_CTR, 192, ABI_INTEG_HMAC_SHA1_96, 24, 4, 20},
	{ABI_ENCR_AES_CTR, 256, ABI_INTEG_HMAC_SHA2_512_256, 32, 4, 64},
	{ABI_ENCR_3DES, 0, ABI_INTEG_HMAC_SHA1_96, 24, 0, 20},
	{ABI_ENCR_NULL, 0, ABI_INTEG_HMAC_SHA2_256_128, 0, 0, 32},
	{ABI_ENCR_AES_CBC, 128, ABI_INTEG_HMAC_SHA2_256_96, 16, 0, 32},
};

static void every_esp_suite_comes_up_with_its_key_lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct sim s;

		init(&s, 2100 + i);
		for (int n = 0; n < 2; n++) {
			propose(&s, n, suites[i].encr, suites[i].bits, suites[i].integ);
			s.node[n].children[0].proposal.pfs_group = i % 2 ? 19 : 0;
		}
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_agreed(&s, 0)); /* the keys of both are the same */
		for (int n = 0; n < 2; n++) {
			const struct ike_child_sa *sa = &sim_current(&s, n, 0)->sa;

			assert_int_equal(sa->encr, suites[i].encr);
			assert_int_equal(sa->integ, suites[i].integ);
			assert_int_equal(sa->encr_key_len, suites[i].key_len);
			assert_int_equal(sa->salt_len, suites[i].salt_len);
			assert_int_equal(sa->integ_key_len, suites[i].integ_key_len);
			assert_keys(sa, &sa->in);
			assert_keys(sa, &sa->out);
		}
		sim_fini(&s);
	}
}

static void an_aead_and_a_cbc_suite_may_stand_in_one_list(void **state)
{
	(void)state;
	for (int gcm_first = 0; gcm_first < 2; gcm_first++) {
		struct ike_proposal_conf *p;
		struct sim s;

		init(&s, 2200 + (unsigned)gcm_first);
		for (int n = 0; n < 2; n++) {
			p = &s.node[n].children[0].proposal;
			p->encr[gcm_first ? 0 : 1] = (struct ike_encr_choice){20, 128};
			p->encr[gcm_first ? 1 : 0] = (struct ike_encr_choice){12, 128};
			p->n_encr = 2;
		}
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, 1, 0)->sa.encr,
				 gcm_first ? ABI_ENCR_AES_GCM_16 : ABI_ENCR_AES_CBC);
		assert_int_equal(sim_current(&s, 1, 0)->sa.integ,
				 gcm_first ? ABI_INTEG_NONE : ABI_INTEG_HMAC_SHA1_96);
		sim_fini(&s);
	}
}

/* Both numbers of SHA2-256 are one on the wire: each side cuts the ICV as it is told here. */
static void a_short_icv_is_agreed_on_as_the_full_one(void **state)
{
	static const uint16_t says[2] = {ABI_INTEG_HMAC_SHA2_256_96, ABI_INTEG_HMAC_SHA2_256_128};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sim s;

		init(&s, 2250 + i);
		for (int n = 0; n < 2; n++) {
			s.node[n].conf.mode = i < 2 ? IKE_MODE_MAIN : IKE_MODE_IKE2;
			propose(&s, n, ABI_ENCR_AES_CBC, 128, says[(i + (unsigned)n) % 2]);
			s.node[n].children[0].proposal.integ[1] = ABI_INTEG_HMAC_SHA1_96;
			s.node[n].children[0].proposal.n_integ = 2;
		}
		sim_start(&s);
		run(&s, 5);
		for (unsigned rekeyed = 0; rekeyed < 2; rekeyed++) {
			for (int n = 0; n < 2; n++) {
				assert_non_null(sim_current(&s, n, 0));
				assert_int_equal(sim_current(&s, n, 0)->sa.integ,
						 says[(i + (unsigned)n) % 2]);
			}
			assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now),
					 0);
			s.node[0].due = s.now;
			run(&s, 20);
		}
		sim_fini(&s);
	}
}

static void a_suite_that_only_one_has_is_refused_by_name(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 2300);
	propose(&s, 0, ABI_ENCR_AES_GCM_16, 256, ABI_INTEG_NONE);
	sim_start(&s);
	run(&s, 3);
	assert_null(sim_current(&s, 0, 0));
	assert_true(sim_logged(&s, 1, "aes-256-gcm"));
	assert_true(sim_logged(&s, 1, "no matching proposal found"));
	assert_true(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH) > 0);
	sim_fini(&s);
}

static void set_outside(struct sim *s, const char *a, const char *b)
{
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->addr = sim_addr(i == 0 ? a : b);
		n->conf.local = n->addr;
		n->conf.remote = sim_addr(i == 0 ? b : a);
		n->conf.remote_prefix_len = n->addr.family == 4 ? 32 : 128;
	}
}

static void set_inside(struct sim *s, const char *a, const char *b, uint8_t len)
{
	for (int i = 0; i < 2; i++) {
		s->node[i].children[0].local = sim_net_range(i == 0 ? a : b, len);
		s->node[i].children[0].remote = sim_net_range(i == 0 ? b : a, len);
	}
}

static void families_inside_and_outside_are_free_of_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool v6_out = i & 1, v6_in = i & 2;
		struct sim s;

		init(&s, 2400 + i);
		if (v6_out)
			set_outside(&s, "2001:db8:1::1", "2001:db8:2::1");
		if (v6_in)
			set_inside(&s, "2001:db8:11::", "2001:db8:12::", 64);
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, 0, 0)->sa.remote.family, v6_out ? 6 : 4);
		assert_int_equal(sim_current(&s, 0, 0)->sa.ts_remote[0].family, v6_in ? 6 : 4);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
		sim_fini(&s);
	}
}

/* NAT between IPv6 networks exists (RFC 6296): the hashes are over 16-byte addresses. */
static void nat_is_found_over_ipv6(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 2500);
	set_outside(&s, "fd00::5", "2001:db8:2::1");
	s.node[0].nat = sim_addr("2001:db8:9::5");
	s.node[1].conf.remote = s.node[0].nat;
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_UDP);
	assert_int_equal(sim_current(&s, 1, 0)->sa.remote_port, 24500);
	assert_true(sim_logged(&s, 0, "local host is behind NAT"));
	sim_fini(&s);
}

static void single_hosts_and_ranges_of_ipv6_are_selectors(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 2600);
	set_inside(&s, "2001:db8::5", "2001:db8::9", 128);
	for (int i = 0; i < 2; i++) {
		s.node[i].children[0].local.protocol = s.node[i].children[0].remote.protocol = 17;
		s.node[i].children[0].local.port_lo = s.node[i].children[0].local.port_hi =
			i == 0 ? 53 : 5353;
		s.node[i].children[0].remote.port_lo = s.node[i].children[0].remote.port_hi =
			i == 0 ? 5353 : 53;
	}
	/* Where the last bits differ a range is no prefix: ID_IPV6_ADDR_RANGE. */
	s.node[0].children[0].local.hi[15] = s.node[1].children[0].remote.hi[15] = 0x12;
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	assert_true(
		sim_logged(&s, 0, "2001:db8::5-2001:db8::12[udp/53] === 2001:db8::9[udp/5353]"));
	sim_fini(&s);
}

/* PF6: IKEv2's PRF may be another hash than that of integrity. */
static void a_prf_of_its_own_is_negotiated(void **state)
{
	struct sim s;

	(void)state;
	for (int only_one = 0; only_one < 2; only_one++) {
		init(&s, 2700);
		for (int i = 0; i < 2; i++) {
			s.node[i].conf.mode = IKE_MODE_IKE2;
			s.node[i].conf.profile.hash[0] = SUITE_HASH_SHA256;
			s.node[i].conf.profile.prf = i == 0 || !only_one ? SUITE_HASH_SHA384 : 0;
		}
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_agreed(&s, 0), !only_one);
		assert_int_equal(sim_evidence(&s, 1, IKE_P1_ALG_MISMATCH) != 0, only_one);
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_esp_suite_comes_up_with_its_key_lengths),
		cmocka_unit_test(an_aead_and_a_cbc_suite_may_stand_in_one_list),
		cmocka_unit_test(a_short_icv_is_agreed_on_as_the_full_one),
		cmocka_unit_test(a_suite_that_only_one_has_is_refused_by_name),
		cmocka_unit_test(families_inside_and_outside_are_free_of_each_other),
		cmocka_unit_test(nat_is_found_over_ipv6),
		cmocka_unit_test(a_prf_of_its_own_is_negotiated),
		cmocka_unit_test(single_hosts_and_ranges_of_ipv6_are_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
