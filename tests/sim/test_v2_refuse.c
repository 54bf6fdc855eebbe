/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_refuse.c - every way in which the two sides of an IKEv2 tunnel can disagree: named on the
 * side that refuses, and repaired by the advice.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim.h"

static void init(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = IKE_MODE_IKE2;
	s->node[1].conf.passive = true;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void start(struct sim *s)
{
	sim_start(s);
	run(s, 10);
}

/* Both have what they should; it comes up. */
static void repaired(struct sim *s)
{
	for (int i = 1; i >= 0; i--)
		assert_int_equal(sim_configure(s, i), 0);
	run(s, 20);
	assert_true(sim_agreed(s, 0));
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
	sim_fini(s);
}

static void another_psk(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 1);
	s.node[1].psk[0] ^= 1;
	start(&s);
	assert_true(sim_evidence(&s, 0, IKE_P1_PSK_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P1_PSK_MISMATCH) > 0);
	assert_true(sim_logged(&s, 0, "received AUTHENTICATION_FAILED error notify"));
	assert_true(sim_logged(&s, 1, "MAC mismatched"));
	assert_int_equal(sim_installed(&s, 0) + sim_installed(&s, 1), 0);
	s.node[1].psk[0] ^= 1;
	repaired(&s);
}

static void set_id(struct ike_identity_conf *id, const char *text)
{
	id->type = IKE_ID_FQDN;
	id->len = (uint16_t)strlen(text);
	memset(id->data, 0, sizeof(id->data));
	memcpy(id->data, text, id->len);
}

static void another_identity(void **state)
{
	struct sim s;

	(void)state;
	for (int at = 0; at < 2; at++) { /* who is not content */
		init(&s, 2);
		set_id(&s.node[at].conf.remote_id, "gateway.example");
		set_id(&s.node[1 - at].conf.my_id, "other.example");
		start(&s);
		assert_true(sim_evidence(&s, at, IKE_P1_ID_MISMATCH) > 0);
		assert_true(sim_logged(&s, at, "'fqdn:other.example' does not match to"));
		assert_int_equal(sim_ike_sas(&s, at, "established"), 0);
		set_id(&s.node[1 - at].conf.my_id, "gateway.example");
		repaired(&s);
	}
}

static void other_phase1_algorithms(void **state)
{
	struct sim s;

	(void)state;
	for (int what = 0; what < 3; what++) {
		struct ike_profile_conf *p;
		struct ike_profile_conf good;

		init(&s, 3);
		p = &s.node[0].conf.profile;
		good = *p;
		if (what == 0)
			p->encr[0].key_bits = 256;
		else if (what == 1)
			p->hash[0] = SUITE_HASH_SHA256;
		else
			p->dh[0] = 14;
		start(&s);
		assert_true(sim_evidence(&s, 1,
					 what == 2 ? IKE_P1_DH_MISMATCH : IKE_P1_ALG_MISMATCH) > 0);
		assert_true(sim_evidence(&s, 0, IKE_P1_NO_PROPOSAL) > 0);
		assert_true(sim_logged(&s, 0, "received NO_PROPOSAL_CHOSEN notify error"));
		assert_true(sim_logged(&s, 1, "sending NO_PROPOSAL_CHOSEN"));
		*p = good;
		repaired(&s);
	}
}

/* The IKE SA stays, without a pair. */
static void assert_childless(const struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sim_installed(s, i), 0);
		assert_int_equal(sim_ike_sas(s, i, "established"), 1);
	}
}

static void other_phase2_algorithms(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 4);
	s.node[0].children[0].proposal.encr[0].key_bits = 256;
	start(&s);
	assert_true(sim_evidence(&s, 0, IKE_P2_ALG_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH) > 0);
	assert_childless(&s);
	s.node[0].children[0].proposal.encr[0].key_bits = 128;
	repaired(&s);
}

static void other_selectors(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 5);
	s.node[0].children[0].remote = sim_net_range("10.200.1.0", 24);
	start(&s);
	assert_true(sim_evidence(&s, 0, IKE_P2_TS_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH) > 0);
	assert_int_equal(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH), 0);
	assert_true(sim_logged(&s, 1, "sending TS_UNACCEPTABLE"));
	assert_childless(&s);
	s.node[0].children[0].remote = sim_net_range("10.100.1.0", 24);
	repaired(&s);
}

/* Who mends the one should know of the other. */
static void selectors_and_proposals_are_both_named(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 25);
	s.node[0].children[0].remote = sim_net_range("10.200.1.0", 24);
	s.node[0].children[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_128;
	start(&s);
	assert_true(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH) > 0);
	assert_true(sim_logged(&s, 1, "sending TS_UNACCEPTABLE"));
	s.node[0].children[0].remote = sim_net_range("10.100.1.0", 24);
	s.node[0].children[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA1_96;
	repaired(&s);
}

static void another_pfs_group_shows_when_rekeying(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 6);
	s.node[0].children[0].proposal.pfs_group = 14;
	start(&s);
	assert_true(sim_agreed(&s, 0)); /* IKE_AUTH has no group of its own */
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
	s.node[0].due = s.now;
	run(&s, 5);
	assert_true(sim_evidence(&s, 1, IKE_P2_PFS_MISMATCH) > 0);
	assert_true(sim_agreed(&s, 0)); /* the old pair stays */
	s.node[0].children[0].proposal.pfs_group = 0;
	repaired(&s);
}

static void another_mode(void **state)
{
	struct sim s;

	(void)state;
	for (int at = 0; at < 2; at++) {
		init(&s, 7);
		s.node[at].children[0].mode = ABI_MODE_TRANSPORT;
		start(&s);
		assert_true(sim_evidence(&s, at, IKE_P2_ENCAP_MISMATCH) > 0);
		assert_int_equal(sim_installed(&s, 0) + sim_installed(&s, 1), 0);
		s.node[at].children[0].mode = ABI_MODE_TUNNEL;
		repaired(&s);
	}
}

static void another_version(void **state)
{
	struct sim s;

	(void)state;
	for (int v2 = 0; v2 < 2; v2++) { /* who speaks IKEv2 */
		init(&s, 8);
		s.node[1 - v2].conf.mode = IKE_MODE_MAIN;
		s.node[1].conf.passive = true;
		start(&s);
		assert_true(sim_evidence(&s, 1, IKE_P1_VERSION_MISMATCH) > 0);
		s.node[1 - v2].conf.mode = IKE_MODE_IKE2;
		repaired(&s);
	}
}

static void a_data_plane_that_cannot(void **state)
{
	struct sim s;

	(void)state;
	for (int at = 0; at < 2; at++) {
		init(&s, 9);
		s.node[at].install_status = -ENOSPC;
		start(&s);
		assert_true(sim_evidence(&s, at, IKE_P2_INSTALL_FAILED) > 0);
		assert_childless(&s);
		s.node[at].install_status = 0;
		run(&s, 60);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void a_data_plane_that_says_nothing(void **state)
{
	struct sim s;

	(void)state;
	for (int at = 0; at < 2; at++) {
		init(&s, 10);
		s.node[at].mute_dataplane = true;
		sim_start(&s);
		run(&s, 60);
		assert_true(sim_evidence(&s, at, IKE_P2_INSTALL_FAILED) > 0);
		s.node[at].mute_dataplane = false;
		run(&s, 120);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void nobody_there(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 11);
	s.node[1].dead = true;
	sim_start(&s);
	run(&s, 70);
	assert_true(sim_evidence(&s, 0, IKE_PEER_SILENT) > 0);
	assert_true(sim_ike_sas(&s, 0, NULL) <= 1);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_psk),
		cmocka_unit_test(another_identity),
		cmocka_unit_test(other_phase1_algorithms),
		cmocka_unit_test(other_phase2_algorithms),
		cmocka_unit_test(other_selectors),
		cmocka_unit_test(selectors_and_proposals_are_both_named),
		cmocka_unit_test(another_pfs_group_shows_when_rekeying),
		cmocka_unit_test(another_mode),
		cmocka_unit_test(another_version),
		cmocka_unit_test(a_data_plane_that_cannot),
		cmocka_unit_test(a_data_plane_that_says_nothing),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
