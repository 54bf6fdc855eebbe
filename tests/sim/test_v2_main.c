/* SPDX-License-Identifier: BSD-3-Clause */
/* test_v2_main.c - IKEv2 between two engines on a good network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/ike/ike.h"
#include "tests/sim/sim.h"

static void init_both(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = IKE_MODE_IKE2;
}

/* Node 0 begins, node 1 waits. */
static void init_one_way(struct sim *s, uint64_t seed)
{
	init_both(s, seed);
	s->node[1].conf.passive = true;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void finish_agreed(struct sim *s)
{
	assert_true(sim_agreed(s, 0));
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
	sim_fini(s);
}

static void comes_up_with_one_pair(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 1);
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
	assert_int_equal(s.ike_sent, 4);
	finish_agreed(&s);
}

static void both_may_begin_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct sim s;

		init_both(&s, 50 + i);
		s.net.delay_max = 50 * SIM_MS;
		sim_start(&s);
		run(&s, 60);
		finish_agreed(&s);
	}
}

static void who_crosses_says_nothing_of_a_first_contact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct sim s;

		init_both(&s, 700 + i);
		s.net.delay_min = s.net.delay_max = 300 * SIM_MS;
		sim_start(&s);
		run(&s, 60);
		assert_int_equal(sim_counters(&s, 0)->initial_contact, 0);
		assert_int_equal(sim_counters(&s, 1)->initial_contact, 0);
		finish_agreed(&s);
	}
}

struct suite {
	uint16_t encr, bits, hash, dh;
	uint16_t esp, esp_bits, integ, pfs;
};

static void every_suite_comes_up(void **state)
{
	static const struct suite suites[] = {
		{12, 128, SUITE_HASH_MD5, 1, 12, 128, ABI_INTEG_HMAC_MD5_96, 0},
		{12, 192, SUITE_HASH_SHA1, 2, 12, 192, ABI_INTEG_HMAC_SHA1_96, 2},
		{12, 256, SUITE_HASH_SHA256, 14, 12, 256, ABI_INTEG_HMAC_SHA2_256_128, 14},
		{13, 256, SUITE_HASH_SHA384, 19, 13, 256, ABI_INTEG_HMAC_SHA2_384_192, 20},
		{20, 128, SUITE_HASH_SHA512, 20, 20, 128, 0, 21},
		{20, 256, SUITE_HASH_SHA256, 31, 20, 256, 0, 31},
		{28, 0, SUITE_HASH_SHA256, 21, 28, 0, 0, 19},
		{3, 0, SUITE_HASH_SHA1, 5, 3, 0, ABI_INTEG_HMAC_SHA2_512_256, 1},
		{12, 128, SUITE_HASH_SHA256, 19, 12, 128, ABI_INTEG_HMAC_SHA2_256_96, 19},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		const struct suite *u = &suites[i];
		struct sim s;

		init_one_way(&s, 100 + i);
		for (int n = 0; n < 2; n++) {
			struct ike_profile_conf *p = &s.node[n].conf.profile;
			struct ike_proposal_conf *c = &s.node[n].children[0].proposal;

			p->encr[0] = (struct ike_encr_choice){u->encr, u->bits};
			p->hash[0] = u->hash;
			p->dh[0] = u->dh;
			c->encr[0] = (struct ike_encr_choice){u->esp, u->esp_bits};
			c->integ[0] = u->integ;
			c->n_integ = u->integ != 0;
			c->pfs_group = u->pfs;
		}
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
		s.node[0].due = s.now;
		run(&s, 20);
		assert_int_equal(sim_current(&s, 0, 0)->sa.pfs_group, u->pfs);
		finish_agreed(&s);
	}
}

static void the_other_group_is_tried(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 3);
	s.node[0].conf.profile.dh[0] = 14;
	s.node[0].conf.profile.dh[1] = 19;
	s.node[0].conf.profile.n_dh = 2;
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_logged(&s, 0, "it requested 19"));
	assert_int_equal(s.ike_sent, 6);
	finish_agreed(&s);
}

static void nat_is_found_and_floated(void **state)
{
	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		struct sim s;

		init_one_way(&s, 4);
		s.node[behind].nat = sim_addr(behind == 0 ? "203.0.113.7" : "203.0.113.8");
		s.node[1 - behind].conf.remote = s.node[behind].nat;
		sim_start(&s);
		run(&s, 5);
		if (behind == 0) {
			assert_true(sim_logged(&s, 0, "local host is behind NAT"));
			assert_true(sim_logged(&s, 1, "remote host is behind NAT"));
			assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_UDP);
			assert_int_equal(sim_current(&s, 0, 0)->sa.local_port, 4500);
			assert_int_equal(sim_current(&s, 1, 0)->sa.remote_port, 24500);
			run(&s, 60);
			assert_true(sim_counters(&s, 0)->tx_keepalive >= 2);
			assert_true(sim_agreed(&s, 0));
		}
		sim_fini(&s);
	}
}

static void several_policies_get_a_pair_each(void **state)
{
	struct sim s;

	(void)state;
	init_both(&s, 5);
	for (int n = 0; n < 2; n++) {
		struct sim_node *node = &s.node[n];

		for (unsigned i = 1; i < 5; i++) {
			char mine[32], theirs[32];

			snprintf(mine, sizeof(mine), n == 0 ? "192.168.%u.0" : "10.100.%u.0",
				 i + 1);
			snprintf(theirs, sizeof(theirs), n == 0 ? "10.100.%u.0" : "192.168.%u.0",
				 i + 1);
			node->children[i] = node->children[0];
			node->children[i].policy_id = SIM_POLICY(i);
			node->children[i].local = sim_net_range(mine, 24);
			node->children[i].remote = sim_net_range(theirs, 24);
		}
		node->conf.n_children = 5;
	}
	sim_start(&s);
	run(&s, 60);
	for (unsigned i = 0; i < 5; i++)
		assert_true(sim_agreed(&s, i));
	finish_agreed(&s);
}

static void a_wider_offer_is_narrowed(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 6);
	s.node[0].children[0].local = sim_net_range("192.168.0.0", 16);
	s.node[0].children[0].remote = sim_net_range("10.0.0.0", 8);
	sim_start(&s);
	run(&s, 5);
	for (int n = 0; n < 2; n++) {
		const struct sim_pair *p = sim_current(&s, n, 0);

		assert_non_null(p);
		assert_int_equal(p->sa.n_local, 1);
		assert_memory_equal(&p->sa.ts_local[0], &s.node[1].children[0].remote,
				    n == 0 ? sizeof(p->sa.ts_local[0]) : 0);
		assert_memory_equal(&p->sa.ts_remote[0], &s.node[1].children[0].local,
				    n == 0 ? sizeof(p->sa.ts_remote[0]) : 0);
	}
	finish_agreed(&s);
}

/* The case of a cloud: one pair for one net here and two there. */
static void several_selectors_share_a_pair(void **state)
{
	(void)state;
	for (int narrower = 0; narrower < 2; narrower++) {
		struct ike_child_more more[2];
		struct sim s;

		init_one_way(&s, 60 + (unsigned)narrower);
		for (int n = 0; n < 2; n++) {
			struct ike_child_conf *c = &s.node[n].children[0];
			struct abi_range *one = n == 0 ? &c->local : &c->remote;
			struct abi_range *two = n == 0 ? &c->remote : &c->local;

			*one = sim_net_range("172.30.96.0", 19);
			*two = sim_net_range("10.0.0.0", 8);
			if (n == 1 && narrower)
				continue;
			more[n] = (struct ike_child_more){.n_local = n == 1, .n_remote = n == 0};
			(n == 0 ? more[n].remote : more[n].local)[0] =
				sim_net_range("172.30.128.0", 17);
			c->more = &more[n];
		}
		sim_start(&s);
		run(&s, 5);
		for (int n = 0; n < 2; n++) {
			const struct ike_child_sa *sa = &sim_current(&s, n, 0)->sa;

			assert_int_equal(n == 0 ? sa->n_local : sa->n_remote, 1);
			assert_int_equal(n == 0 ? sa->n_remote : sa->n_local, narrower ? 1 : 2);
		}
		assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", false, s.now), 0);
		s.node[0].due = s.now;
		run(&s, 20);
		assert_int_equal(sim_current(&s, 0, 0)->sa.n_remote, narrower ? 1 : 2);
		finish_agreed(&s);
	}
}

static void wide_sequence_numbers_when_both_want_them(void **state)
{
	(void)state;
	for (int who = 0; who < 4; who++) {
		struct sim s;

		init_one_way(&s, 65 + (unsigned)who);
		s.node[0].children[0].proposal.esn = who & 1;
		s.node[1].children[0].proposal.esn = who & 2;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.esn, who == 3);
		assert_int_equal(sim_current(&s, 1, 0)->sa.esn, who == 3);
		finish_agreed(&s);
	}
}

static void ipv6_comes_up(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 81);
	for (int n = 0; n < 2; n++) {
		struct ike_child_conf *c = &s.node[n].children[0];

		s.node[n].addr = sim_addr(n == 0 ? "2001:db8::1" : "2001:db8:1::1");
		s.node[n].conf.local = s.node[n].addr;
		s.node[1 - n].conf.remote = s.node[n].addr;
		s.node[1 - n].conf.remote_prefix_len = 128;
		c->local = sim_net_range(n == 0 ? "fd00:1::" : "fd00:2::", 48);
		c->remote = sim_net_range(n == 0 ? "fd00:2::" : "fd00:1::", 48);
	}
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(sim_current(&s, 0, 0)->sa.ts_remote[0].family, 6);
	assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
	finish_agreed(&s);
}

/* Who never begins may still rekey both. */
static void a_peer_of_any_address_is_answered(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 80);
	memset(s.node[1].conf.remote.bytes, 0, sizeof(s.node[1].conf.remote.bytes));
	s.node[1].conf.remote_prefix_len = 0;
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	for (int ike_sa = 0; ike_sa < 2; ike_sa++) {
		assert_int_equal(ike_engine_rekey(s.node[1].engine, "peer0", ike_sa, s.now), 0);
		s.node[1].due = s.now;
		run(&s, 20);
		assert_true(sim_agreed(&s, 0));
	}
	assert_true(sim_logged(&s, 1, "IKE_SA rekeyed"));
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	finish_agreed(&s);
}

static void an_idle_peer_is_asked_and_a_dead_one_noticed(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 7);
	sim_start(&s);
	run(&s, 60);
	assert_true(sim_counters(&s, 0)->dpd_sent >= 3);
	assert_true(sim_agreed(&s, 0));
	s.node[1].dead = true;
	s.node[1].due = UINT64_MAX;
	run(&s, 90);
	assert_int_equal(sim_evidence(&s, 0, IKE_PEER_DEAD), 1);
	assert_int_equal(sim_installed(&s, 0), 0);
	sim_fini(&s);
}

static bool watch_sizes(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	unsigned *fragments = ctx;

	(void)s;
	(void)from;
	*fragments += data[16] == IKE2_PLD_SKF;
	assert_true(d->len <= 1232 || data[18] == IKE2_EXCH_SA_INIT);
	return true;
}

/* The largest group's public value alone is 1024 bytes, and many proposals make the rest. */
static void long_messages_go_in_fragments(void **state)
{
	(void)state;
	for (unsigned loss = 0; loss < 3; loss++) {
		unsigned fragments = 0;
		struct sim s;

		init_one_way(&s, 70 + loss);
		s.net.loss_pct = loss * 8;
		s.net.dup_pct = loss * 8;
		s.net.delay_max = loss * 100 * SIM_MS + s.net.delay_min;
		s.net.hook = watch_sizes;
		s.net.hook_ctx = &fragments;
		for (int n = 0; n < 2; n++) {
			struct ike_profile_conf *p = &s.node[n].conf.profile;
			static const uint16_t groups[] = {18, 17, 16, 15, 14, 19, 20, 21};

			for (unsigned i = 0; i < 8; i++)
				p->dh[i] = groups[i];
			p->n_dh = 8;
			p->encr[1] = (struct ike_encr_choice){12, 256};
			p->encr[2] = (struct ike_encr_choice){20, 256};
			p->n_encr = 3;
		}
		sim_start(&s);
		run(&s, 60);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
		s.node[0].due = s.now;
		run(&s, 60);
		s.net.loss_pct = 0;
		run(&s, 100);
		assert_true(fragments >= 2);
		assert_true(sim_logged(&s, 0, "IKE_SA rekeyed"));
		finish_agreed(&s);
	}
}

static void a_terminated_peer_loses_all_and_comes_back(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 8);
	sim_start(&s);
	run(&s, 5);
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 50 * SIM_MS);
	assert_int_equal(sim_installed(&s, 0), 0);
	assert_int_equal(sim_installed(&s, 1), 0);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	run(&s, 10);
	finish_agreed(&s);
}

static void a_restarted_peer_clears_the_old_state(void **state)
{
	struct sim s;

	(void)state;
	init_both(&s, 9);
	s.node[1].conf.passive = true;
	sim_start(&s);
	run(&s, 5);
	sim_restart(&s, 0);
	run(&s, 10);
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 2); /* each start says so */
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	finish_agreed(&s);
}

static void set_fqdn(struct ike_identity_conf *id, const char *name)
{
	id->type = IKE_ID_FQDN;
	id->len = (uint16_t)strlen(name);
	memcpy(id->data, name, id->len);
}

/* Node 1 knows two parties at node 0's address, each with a secret of its own; the one that a first
 * message is taken for is the wrong one in one of the rounds. */
static void the_identity_finds_peer_and_secret(void **state)
{
	static const uint8_t other_psk[] = "another secret of two";

	(void)state;
	for (int first = 0; first < 2; first++) {
		struct ike_peer_conf two[2];
		struct sim s;

		init_one_way(&s, 60 + (unsigned)first);
		set_fqdn(&s.node[0].conf.my_id, "right.example");
		sim_start(&s);
		two[0] = two[1] = s.node[1].conf;
		strcpy(two[1 - first].name, "wrong");
		set_fqdn(&two[1 - first].remote_id, "wrong.example");
		two[1 - first].psk = other_psk;
		two[1 - first].psk_len = sizeof(other_psk) - 1;
		two[1 - first].n_children = 0;
		set_fqdn(&two[first].remote_id, "right.example");
		assert_int_equal(ike_engine_set_peers(s.node[1].engine, two, 2, s.now), 0);
		run(&s, 5);
		assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
		finish_agreed(&s);
	}
}

/* Main mode, aggressive mode and IKEv2 at one address: each first message finds its peer. */
static void the_mode_finds_the_peer(void **state)
{
	static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE,
						       IKE_MODE_IKE2};

	(void)state;
	for (int right = 0; right < 3; right++) {
		struct ike_peer_conf three[3];
		struct sim s;

		init_one_way(&s, 70 + (unsigned)right);
		s.node[0].conf.mode = modes[right];
		sim_start(&s);
		for (int i = 0; i < 3; i++) {
			three[i] = s.node[1].conf;
			three[i].mode = modes[i];
			three[i].name[0] = (char)('a' + i);
			three[i].n_children = i == right ? 1 : 0;
		}
		assert_int_equal(ike_engine_set_peers(s.node[1].engine, three, 3, s.now), 0);
		run(&s, 5);
		finish_agreed(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_identity_finds_peer_and_secret),
		cmocka_unit_test(the_mode_finds_the_peer),
		cmocka_unit_test(comes_up_with_one_pair),
		cmocka_unit_test(every_suite_comes_up),
		cmocka_unit_test(the_other_group_is_tried),
		cmocka_unit_test(nat_is_found_and_floated),
		cmocka_unit_test(several_policies_get_a_pair_each),
		cmocka_unit_test(a_wider_offer_is_narrowed),
		cmocka_unit_test(several_selectors_share_a_pair),
		cmocka_unit_test(wide_sequence_numbers_when_both_want_them),
		cmocka_unit_test(ipv6_comes_up),
		cmocka_unit_test(a_peer_of_any_address_is_answered),
		cmocka_unit_test(an_idle_peer_is_asked_and_a_dead_one_noticed),
		cmocka_unit_test(a_terminated_peer_loses_all_and_comes_back),
		cmocka_unit_test(a_restarted_peer_clears_the_old_state),
		cmocka_unit_test(long_messages_go_in_fragments),
		cmocka_unit_test(both_may_begin_at_once),
		cmocka_unit_test(who_crosses_says_nothing_of_a_first_contact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
