/* SPDX-License-Identifier: BSD-3-Clause */
/* test_main.c - main mode and quick mode between two engines on a good network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim.h"

/* Node 0 begins, node 1 waits. */
static void init_one_way(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
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
	assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
	assert_int_equal(sim_current(&s, 0, 0)->sa.n_local, 1);
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	finish_agreed(&s);
}

struct suite {
	uint16_t bits, hash, dh, esp_bits, integ, pfs;
};

static void every_class_of_suite_comes_up(void **state)
{
	static const struct suite suites[] = {
		{128, SUITE_HASH_MD5, 1, 128, ABI_INTEG_HMAC_MD5_96, 0},
		{192, SUITE_HASH_SHA1, 2, 192, ABI_INTEG_HMAC_SHA1_96, 2},
		{256, SUITE_HASH_SHA256, 14, 256, ABI_INTEG_HMAC_SHA2_256_128, 14},
		{256, SUITE_HASH_SHA384, 19, 256, ABI_INTEG_HMAC_SHA2_384_192, 20},
		{256, SUITE_HASH_SHA512, 20, 256, ABI_INTEG_HMAC_SHA2_512_256, 21},
		{0, SUITE_HASH_SHA1, 5, 128, ABI_INTEG_HMAC_SHA2_512_256, 1},
		{128, SUITE_HASH_MD5, 21, 256, ABI_INTEG_HMAC_SHA1_96, 19},
		{256, SUITE_HASH_SHA256, 15, 128, ABI_INTEG_HMAC_MD5_96, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		const struct suite *u = &suites[i];
		struct sim s;

		init_one_way(&s, 100 + i);
		for (int n = 0; n < 2; n++) {
			struct ike_profile_conf *p = &s.node[n].conf.profile;
			struct ike_proposal_conf *c = &s.node[n].children[0].proposal;

			p->encr[0].id = u->bits == 0 ? 3 : 12;
			p->encr[0].key_bits = u->bits;
			p->hash[0] = u->hash;
			p->dh[0] = u->dh;
			c->encr[0].key_bits = u->esp_bits;
			c->integ[0] = u->integ;
			c->pfs_group = u->pfs;
		}
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encr_key_len, u->esp_bits / 8);
		assert_int_equal(sim_current(&s, 1, 0)->sa.integ, u->integ);
		assert_int_equal(sim_current(&s, 1, 0)->sa.pfs_group, u->pfs);
		finish_agreed(&s);
	}
}

static void first_common_suite_of_lists_is_used(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 2);
	s.node[0].conf.profile.encr[0].key_bits = 192;
	s.node[0].conf.profile.encr[1] = (struct ike_encr_choice){12, 128};
	s.node[0].conf.profile.n_encr = 2;
	s.node[0].conf.profile.dh[0] = 2;
	s.node[0].conf.profile.dh[1] = 19;
	s.node[0].conf.profile.n_dh = 2;
	s.node[0].children[0].proposal.integ[0] = ABI_INTEG_HMAC_MD5_96;
	s.node[0].children[0].proposal.integ[1] = ABI_INTEG_HMAC_SHA1_96;
	s.node[0].children[0].proposal.n_integ = 2;
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(sim_current(&s, 0, 0)->sa.integ, ABI_INTEG_HMAC_SHA1_96);
	finish_agreed(&s);
}

static void set_id(struct ike_identity_conf *id, enum ike_id_type type, const char *text)
{
	id->type = type;
	id->len = (uint16_t)strlen(text);
	memcpy(id->data, text, id->len);
}

static void every_kind_of_identity_is_taken(void **state)
{
	static const struct {
		enum ike_id_type type;
		const char *text;
	} ids[] = {
		{IKE_ID_AUTO, ""},
		{IKE_ID_FQDN, "a.example.com"},
		{IKE_ID_USER_FQDN, "gw@example.com"},
		{IKE_ID_KEY_ID, "\x01key"},
		{IKE_ID_IPV4, "\x0a\x01\x02\x03"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct sim s;

		init_one_way(&s, 200 + i);
		set_id(&s.node[0].conf.my_id, ids[i].type, ids[i].text);
		s.node[1].conf.remote_id = s.node[0].conf.my_id;
		s.node[0].conf.remote_id.type = IKE_ID_IGNORE;
		sim_start(&s);
		run(&s, 5);
		finish_agreed(&s);
	}
}

static void nat_is_found_on_either_side(void **state)
{
	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		struct sim s;

		sim_init(&s, 300 + (unsigned)behind);
		/* Who is behind the NAT begins. */
		s.node[1 - behind].conf.passive = true;
		s.node[behind].addr = sim_addr("192.168.77.5");
		s.node[behind].conf.local = s.node[behind].addr;
		s.node[behind].nat = sim_addr("203.0.113.9");
		s.node[1 - behind].conf.remote = s.node[behind].nat;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_UDP);
		assert_int_equal(sim_current(&s, 1, 0)->sa.encap, ABI_ENCAP_UDP);
		assert_int_equal(sim_current(&s, behind, 0)->sa.local_port, 4500);
		assert_int_equal(sim_current(&s, 1 - behind, 0)->sa.remote_port, 24500);
		assert_true(sim_logged(&s, behind, "local host is behind NAT"));
		assert_true(sim_logged(&s, 1 - behind, "remote host is behind NAT"));
		run(&s, 65);
		assert_in_range(sim_counters(&s, behind)->tx_keepalive, 3, 3);
		assert_int_equal(sim_counters(&s, 1 - behind)->tx_keepalive, 0);
		assert_int_equal(sim_counters(&s, 1 - behind)->rx_keepalive, 3);
		finish_agreed(&s);
	}
}

static void without_nat_traversal_esp_is_plain(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct sim s;

		init_one_way(&s, 400 + (unsigned)off);
		s.node[off].conf.profile.nat_traversal = false;
		s.node[0].nat = sim_addr("203.0.113.9");
		s.node[1].conf.remote = s.node[0].nat;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_NONE);
		finish_agreed(&s);
	}
}

static void drop_vendor_ids_but(uint8_t *data, size_t len, const uint8_t *keep)
{
	static const uint8_t known[][4] = {
		{0x4a, 0x13, 0x1c, 0x81},
		{0x7d, 0x94, 0x19, 0xa6},
		{0x90, 0xcb, 0x80, 0x91},
		{0xcd, 0x60, 0x46, 0x43},
	};

	for (size_t i = 28; i + 4 <= len; i++) {
		for (size_t k = 0; k < 4; k++) {
			if (memcmp(data + i, known[k], 4) == 0 && memcmp(known[k], keep, 4) != 0)
				data[i] ^= 0xff; /* an unknown vendor now */
		}
	}
}

static bool only_vendor(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	if (from == 0 && data[18] == 2)
		drop_vendor_ids_but(data, d->len, ctx);
	return true;
}

static void drafts_of_nat_traversal_work(void **state)
{
	static const uint8_t variants[][4] = {
		{0x7d, 0x94, 0x19, 0xa6},
		{0x90, 0xcb, 0x80, 0x91},
		{0xcd, 0x60, 0x46, 0x43},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim s;

		init_one_way(&s, 500 + i);
		s.net.hook = only_vendor;
		s.net.hook_ctx = (void *)(uintptr_t)variants[i];
		s.node[0].nat = sim_addr("203.0.113.9");
		s.node[1].conf.remote = s.node[0].nat;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_UDP);
		finish_agreed(&s);
	}
}

static void another_port_uses_the_marker_at_once(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 3);
	s.node[0].conf.port = 4500;
	sim_start(&s);
	run(&s, 5);
	finish_agreed(&s);
}

static void responder_network_peer_is_found_by_prefix(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 4);
	s.node[1].conf.remote = sim_addr("113.87.0.0");
	s.node[1].conf.remote_prefix_len = 16;
	s.node[1].conf.passive = false; /* cannot begin anyway */
	sim_start(&s);
	run(&s, 5);
	finish_agreed(&s);
}

static void six_policies_come_up_over_one_ike_sa(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 5);
	for (unsigned i = 1; i < 6; i++) {
		char a[32], b[32];

		snprintf(a, sizeof(a), "192.168.%u.0", 10 + i);
		snprintf(b, sizeof(b), "10.100.%u.0", 10 + i);
		for (int n = 0; n < 2; n++) {
			s.node[n].children[i] = s.node[n].children[0];
			s.node[n].children[i].policy_id = SIM_POLICY(i);
			s.node[n].children[i].local = sim_net_range(n == 0 ? a : b, 24);
			s.node[n].children[i].remote = sim_net_range(n == 0 ? b : a, 24);
			s.node[n].conf.n_children = i + 1;
		}
	}
	sim_start(&s);
	run(&s, 10);
	for (unsigned i = 1; i < 6; i++)
		assert_true(sim_agreed(&s, i));
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	finish_agreed(&s);
}

static void works_over_ipv6(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 12);
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s.node[i];

		n->addr = sim_addr(i == 0 ? "2001:db8:1::1" : "2001:db8:2::1");
		n->conf.local = n->addr;
		n->conf.remote = sim_addr(i == 0 ? "2001:db8:2::1" : "2001:db8:1::1");
		n->conf.remote_prefix_len = i == 0 ? 128 : 48;
		n->children[0].local = sim_net_range(i == 0 ? "fd00:1::" : "fd00:2::", 64);
		n->children[0].remote = sim_net_range(i == 0 ? "fd00:2::" : "fd00:1::", 64);
	}
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_logged(&s, 0, "fd00:1::/64 === fd00:2::/64"));
	finish_agreed(&s);
}

/* Authentic, but without end: what one peer can make us hold is bounded. */
static void endless_quick_modes_are_bounded(void **state)
{
	unsigned most = 0;
	struct sim s;

	(void)state;
	init_one_way(&s, 13);
	s.node[0].esp_every = s.node[1].esp_every = 5 * SIM_MS;
	sim_start(&s);
	run(&s, 2);
	for (unsigned i = 0; i < 100; i++) {
		ike_engine_rekey(s.node[0].engine, "peer1", false, s.now);
		s.node[0].due = s.now;
		sim_run(&s, s.now + 60 * SIM_MS);
		most = sim_installed(&s, 1) > most ? sim_installed(&s, 1) : most;
	}
	assert_int_equal(most, 16);
	run(&s, 60);
	assert_int_equal(s.node[0].esp_lost + s.node[1].esp_lost, 0);
	finish_agreed(&s);
}

/* The DELETE of the pair is lost, that of its IKE SA is not. */
static bool lose_first_info(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			    void *ctx)
{
	bool *lost = ctx;

	(void)s;
	(void)d;
	if (from != 1 || data[18] != 5 || *lost)
		return true;
	*lost = true;
	return false;
}

static void pair_whose_ike_sa_was_deleted_is_made_anew(void **state)
{
	bool lost = false;
	struct sim s;

	(void)state;
	init_one_way(&s, 14);
	sim_start(&s);
	run(&s, 2);
	s.net.hook = lose_first_info;
	s.net.hook_ctx = &lost;
	ike_engine_terminate(s.node[1].engine, NULL, s.now);
	run(&s, 30);
	assert_true(lost);
	assert_int_equal(s.node[0].installs, 2);
	finish_agreed(&s);
}

static void both_begin_and_one_pair_is_left(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct sim s;

		sim_init(&s, 600 + i);
		s.net.delay_max = 40 * SIM_MS;
		sim_start(&s);
		run(&s, 60);
		finish_agreed(&s);
	}
}

/* Each would end what the other has just made: there are peers that look at no times. */
static void who_crosses_says_nothing_of_a_first_contact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct sim s;

		sim_init(&s, 700 + i);
		s.net.delay_min = s.net.delay_max = 300 * SIM_MS;
		sim_start(&s);
		run(&s, 60);
		assert_int_equal(sim_counters(&s, 0)->initial_contact, 0);
		assert_int_equal(sim_counters(&s, 1)->initial_contact, 0);
		finish_agreed(&s);
	}
}

static void unchanged_peers_keep_their_sas(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 6);
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(sim_configure(&s, 0), 0);
	run(&s, 5);
	assert_int_equal(s.node[0].installs, 1);
	finish_agreed(&s);
}

static void changed_peers_begin_anew(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 7);
	sim_start(&s);
	run(&s, 5);
	s.node[0].children[0].proposal.lifetime = 900;
	assert_int_equal(sim_configure(&s, 0), 0);
	run(&s, 20);
	assert_int_equal(s.node[0].installs, 2);
	assert_int_equal(sim_counters(&s, 1)->delete_received, 2);
	finish_agreed(&s);
}

static void removed_peers_end_with_delete(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 8);
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, NULL, 0, s.now), 0);
	run(&s, 5);
	assert_int_equal(sim_installed(&s, 0), 0);
	assert_int_equal(sim_installed(&s, 1), 0);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

static void terminated_and_flushed_sas_come_back(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 9);
	sim_start(&s);
	run(&s, 5);
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	s.node[0].due = s.now;
	run(&s, 10);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(s.node[0].installs, 2);
	ike_engine_flush_children(s.node[0].engine, s.now);
	s.node[0].due = s.now;
	run(&s, 10);
	assert_int_equal(s.node[0].installs, 3);
	assert_int_equal(sim_counters(&s, 0)->phase1_established, 2);
	finish_agreed(&s);
}

static void refused_sets_change_nothing(void **state)
{
	struct ike_peer_conf two[2];
	struct sim s;

	(void)state;
	init_one_way(&s, 10);
	sim_start(&s);
	run(&s, 5);
	two[0] = two[1] = s.node[0].conf;
	two[1].mode = 9;
	strcpy(two[1].name, "other");
	two[1].n_children = 0;
	two[1].remote = sim_addr("203.0.113.77");
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EPROTONOSUPPORT);
	two[1].mode = 0;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EPROTONOSUPPORT);
	two[1].mode = IKE_MODE_MAIN;
	two[1].remote = two[0].remote;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EEXIST);
	two[1].psk_len = 0;
	assert_int_equal(ike_engine_set_peers(s.node[0].engine, two, 2, s.now), -EINVAL);
	finish_agreed(&s);
}

static void restarted_initiator_replaces_its_old_sas(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 11);
	sim_start(&s);
	run(&s, 5);
	sim_restart(&s, 0);
	run(&s, 5);
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 2);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	finish_agreed(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_with_one_pair),
		cmocka_unit_test(every_class_of_suite_comes_up),
		cmocka_unit_test(first_common_suite_of_lists_is_used),
		cmocka_unit_test(every_kind_of_identity_is_taken),
		cmocka_unit_test(nat_is_found_on_either_side),
		cmocka_unit_test(without_nat_traversal_esp_is_plain),
		cmocka_unit_test(drafts_of_nat_traversal_work),
		cmocka_unit_test(another_port_uses_the_marker_at_once),
		cmocka_unit_test(responder_network_peer_is_found_by_prefix),
		cmocka_unit_test(six_policies_come_up_over_one_ike_sa),
		cmocka_unit_test(works_over_ipv6),
		cmocka_unit_test(endless_quick_modes_are_bounded),
		cmocka_unit_test(pair_whose_ike_sa_was_deleted_is_made_anew),
		cmocka_unit_test(both_begin_and_one_pair_is_left),
		cmocka_unit_test(who_crosses_says_nothing_of_a_first_contact),
		cmocka_unit_test(unchanged_peers_keep_their_sas),
		cmocka_unit_test(changed_peers_begin_anew),
		cmocka_unit_test(removed_peers_end_with_delete),
		cmocka_unit_test(terminated_and_flushed_sas_come_back),
		cmocka_unit_test(refused_sets_change_nothing),
		cmocka_unit_test(restarted_initiator_replaces_its_old_sas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
