/* SPDX-License-Identifier: BSD-3-Clause */
/* test_aggressive.c - aggressive mode between two engines: what comes up, what is refused and how
 * it is named. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/sk.h"
#include "control/crypto/suite.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "tests/sim/sim.h"

/* Node 0 begins, node 1 waits. */
static void init_aggressive(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[0].conf.mode = s->node[1].conf.mode = IKE_MODE_AGGRESSIVE;
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

static void set_id(struct ike_identity_conf *id, enum ike_id_type type, const char *text)
{
	id->type = type;
	id->len = (uint16_t)strlen(text);
	memcpy(id->data, text, id->len);
}

static bool count_exchanges(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			    void *ctx)
{
	unsigned *n = ctx;

	(void)s;
	(void)from;
	(void)d;
	n[data[18] < 64 ? data[18] : 0]++;
	return true;
}

static void three_messages_make_an_ike_sa(void **state)
{
	unsigned n[64] = {0};
	struct sim s;

	(void)state;
	init_aggressive(&s, 1);
	s.net.hook = count_exchanges;
	s.net.hook_ctx = n;
	sim_start(&s);
	run(&s, 5);
	assert_int_equal(n[4], 3);
	assert_int_equal(n[2], 0);
	assert_int_equal(n[32], 3);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 1);
	finish_agreed(&s);
}

static void every_suite_and_group_comes_up(void **state)
{
	static const struct {
		uint16_t bits, hash, dh, pfs;
	} suites[] = {
		{128, SUITE_HASH_MD5, 1, 0},	 {192, SUITE_HASH_SHA1, 2, 2},
		{256, SUITE_HASH_SHA256, 14, 5}, {256, SUITE_HASH_SHA384, 19, 20},
		{0, SUITE_HASH_SHA512, 21, 19},	 {128, SUITE_HASH_SHA256, 31, 31},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct sim s;

		init_aggressive(&s, 100 + i);
		for (int n = 0; n < 2; n++) {
			struct ike_profile_conf *p = &s.node[n].conf.profile;

			p->encr[0].id = suites[i].bits == 0 ? 3 : 12;
			p->encr[0].key_bits = suites[i].bits;
			p->hash[0] = suites[i].hash;
			p->dh[0] = suites[i].dh;
			s.node[n].children[0].proposal.pfs_group = suites[i].pfs;
		}
		sim_start(&s);
		run(&s, 5);
		finish_agreed(&s);
	}
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

		init_aggressive(&s, 200 + i);
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

		init_aggressive(&s, 300 + (unsigned)behind);
		s.node[behind].conf.passive = false; /* who is behind the NAT begins */
		s.node[1 - behind].conf.passive = true;
		s.node[behind].addr = sim_addr("192.168.77.5");
		s.node[behind].conf.local = s.node[behind].addr;
		s.node[behind].nat = sim_addr("203.0.113.9");
		s.node[1 - behind].conf.remote = s.node[behind].nat;
		sim_start(&s);
		run(&s, 5);
		assert_int_equal(sim_current(&s, 0, 0)->sa.encap, ABI_ENCAP_UDP);
		assert_int_equal(sim_current(&s, behind, 0)->sa.local_port, 4500);
		assert_int_equal(sim_current(&s, 1 - behind, 0)->sa.remote_port, 24500);
		assert_true(sim_logged(&s, behind, "local host is behind NAT"));
		assert_true(sim_logged(&s, 1 - behind, "remote host is behind NAT"));
		finish_agreed(&s);
	}
}

/* Message 3 in clear, as RFC 2409 section 5.4 draws it: taken off its encryption on the way. */
static bool in_clear(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[from].engine->peers.list);
	struct ike_sa *sa = TAILQ_FIRST(&peer->sas);
	uint8_t iv[SUITE_MAX_BLOCK];
	unsigned *changed = ctx;
	uint8_t next = data[16];
	size_t at = 28;

	if (data[18] != 4 || (data[19] & 1) == 0)
		return true;
	memcpy(iv, sa->iv, sizeof(iv));
	assert_int_equal(sk_ike1_decrypt(sa->keys, iv, data + 28, d->len - 28), 0);
	while (next != 0) { /* to the end of the payloads: padding goes */
		next = data[at];
		at += (size_t)data[at + 2] << 8 | data[at + 3];
	}
	data[19] = 0;
	data[26] = (uint8_t)(at >> 8);
	data[27] = (uint8_t)at;
	d->len = at;
	++*changed;
	return true;
}

static void message_3_in_clear_counts_for_its_hash_alone(void **state)
{
	unsigned changed = 0;
	struct sim s;

	(void)state;
	init_aggressive(&s, 2);
	s.net.hook = in_clear;
	s.net.hook_ctx = &changed;
	sim_start(&s);
	run(&s, 2);
	assert_int_equal(changed, 1);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 0); /* nothing protected it */
	/* The initiator's IV moved on with the message that it did encrypt. */
	assert_int_equal(sim_counters(&s, 1)->quick_answered, 0);
	sim_fini(&s);
}

static bool lose_aggressive_3(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			      void *ctx)
{
	unsigned *n = ctx;

	(void)s;
	(void)d;
	return from != 0 || data[18] != 4 || (data[19] & 1) == 0 || (*n)-- == 0;
}

static void a_lost_message_3_is_asked_for(void **state)
{
	unsigned n = 1;
	struct sim s;

	(void)state;
	init_aggressive(&s, 3);
	s.net.hook = lose_aggressive_3;
	s.net.hook_ctx = &n;
	sim_start(&s);
	run(&s, 3);
	finish_agreed(&s);
}

static void another_secret_is_named_on_both_sides(void **state)
{
	struct sim s;

	(void)state;
	init_aggressive(&s, 4);
	s.node[1].psk[0] ^= 1;
	sim_start(&s);
	run(&s, 40);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 0);
	assert_true(sim_evidence(&s, 0, IKE_P1_PSK_MISMATCH) > 0);
	assert_true(sim_evidence(&s, 1, IKE_P1_PSK_MISMATCH) > 0);
	assert_true(sim_logged(&s, 0, "calculated HASH does not match HASH payload"));
	assert_int_equal(s.node[0].installs + s.node[1].installs, 0);
	assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
	sim_fini(&s);
}

static void an_unknown_initiator_costs_no_exponentiation(void **state)
{
	struct sim s;

	(void)state;
	init_aggressive(&s, 5);
	set_id(&s.node[1].conf.remote_id, IKE_ID_FQDN, "somebody.example");
	sim_start(&s);
	run(&s, 20);
	assert_true(sim_evidence(&s, 1, IKE_P1_ID_MISMATCH) > 0);
	assert_true(sim_logged(&s, 1,
			       "IDii 'ipv4:113.87.48.200' does not match to "
			       "'fqdn:somebody.example'"));
	assert_int_equal(sim_counters(&s, 1)->phase1_answered, 0);
	assert_true(sim_evidence(&s, 0, IKE_P1_MODE_MISMATCH) > 0); /* AUTHENTICATION-FAILED */
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

static void an_unwanted_responder_is_told(void **state)
{
	struct sim s;

	(void)state;
	init_aggressive(&s, 6);
	set_id(&s.node[0].conf.remote_id, IKE_ID_FQDN, "somebody.example");
	sim_start(&s);
	run(&s, 3);
	assert_int_equal(sim_evidence(&s, 0, IKE_P1_ID_MISMATCH), 1);
	assert_int_equal(sim_evidence(&s, 1, IKE_P1_ID_MISMATCH), 1);
	assert_int_equal(sim_ike_sas(&s, 0, NULL) + sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

static void modes_that_differ_are_named(void **state)
{
	(void)state;
	for (int main_side = 0; main_side < 2; main_side++) {
		struct sim s;

		init_aggressive(&s, 7 + (unsigned)main_side);
		s.node[main_side].conf.mode = IKE_MODE_MAIN;
		sim_start(&s);
		run(&s, 3);
		assert_int_equal(sim_evidence(&s, 1, IKE_P1_MODE_MISMATCH), 2);
		assert_true(sim_logged(&s, 1,
				       main_side == 1 ? "authentication using Aggressive Mode"
						      : "authentication using Main Mode"));
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
		sim_fini(&s);
	}
}

static void only_the_first_group_is_offered(void **state)
{
	struct sim s;

	(void)state;
	init_aggressive(&s, 9);
	s.node[0].conf.profile.dh[0] = 14;
	s.node[0].conf.profile.dh[1] = 19;
	s.node[0].conf.profile.n_dh = 2;
	sim_start(&s);
	run(&s, 3);
	assert_true(sim_evidence(&s, 1, IKE_P1_DH_MISMATCH) > 0);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

/* Node 1 knows two parties at node 0's address, each with a secret of its own. */
static void the_identity_finds_peer_and_secret(void **state)
{
	static const uint8_t other_psk[] = "another secret of two";
	struct ike_peer_conf two[2];
	struct sim s;

	(void)state;
	init_aggressive(&s, 10);
	set_id(&s.node[0].conf.my_id, IKE_ID_FQDN, "right.example");
	sim_start(&s);
	two[0] = two[1] = s.node[1].conf;
	strcpy(two[0].name, "wrong");
	set_id(&two[0].remote_id, IKE_ID_FQDN, "wrong.example");
	two[0].psk = other_psk;
	two[0].psk_len = sizeof(other_psk) - 1;
	two[0].n_children = 0;
	set_id(&two[1].remote_id, IKE_ID_FQDN, "right.example");
	assert_int_equal(ike_engine_set_peers(s.node[1].engine, two, 2, s.now), 0);
	run(&s, 5);
	finish_agreed(&s);
}

static void phase_1_is_replaced_without_loss(void **state)
{
	struct sim s;

	(void)state;
	init_aggressive(&s, 11);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.profile.lifetime = 60;
		s.node[i].esp_every = 20 * SIM_MS;
	}
	sim_start(&s);
	run(&s, 3);
	for (int i = 0; i < 2; i++)
		s.node[i].esp_no_sa = s.node[i].esp_lost = 0;
	run(&s, 600);
	assert_in_range(sim_counters(&s, 0)->phase1_established, 10, 14);
	for (int i = 0; i < 2; i++)
		assert_int_equal(s.node[i].esp_no_sa + s.node[i].esp_lost, 0);
	sim_fini(&s);
}

static void the_responder_claims_its_lifetime(void **state)
{
	(void)state;
	for (int aggressive = 0; aggressive < 2; aggressive++) {
		struct sim s;

		init_aggressive(&s, 12);
		for (int i = 0; i < 2; i++)
			s.node[i].conf.mode = aggressive ? IKE_MODE_AGGRESSIVE : IKE_MODE_MAIN;
		s.node[0].conf.profile.lifetime = 3600;
		s.node[1].conf.profile.lifetime = 600;
		s.node[1].conf.profile.proposal_check = IKE_CHECK_CLAIM;
		sim_start(&s);
		run(&s, 5);
		assert_true(sim_logged(&s, 0, "the IKE_SA lives 600 s, not 3600 s"));
		run(&s, 545); /* 85 % to 89 % of 600 s: the initiator has replaced it */
		assert_int_equal(sim_counters(&s, 0)->phase1_established, 2);
		assert_int_equal(sim_counters(&s, 0)->phase1_started, 2);
		finish_agreed(&s);
	}
}

/* Several connections under one phase 1, each with a proposal of its own; both sides begin some. */
static void connections_share_phase_1_whatever_their_proposals(void **state)
{
	static const uint16_t bits[] = {128, 192, 256}, pfs[] = {0, 19, 31};

	(void)state;
	for (int aggressive = 0; aggressive < 2; aggressive++) {
		struct sim s;

		init_aggressive(&s, 30 + (unsigned)aggressive);
		for (int n = 0; n < 2; n++) {
			struct ike_child_conf *c = s.node[n].children;

			if (!aggressive)
				s.node[n].conf.mode = IKE_MODE_MAIN;
			for (unsigned i = 0; i < 3; i++) {
				char site[32], cloud[32];

				snprintf(site, sizeof(site), "192.168.%u.0", 1 + i);
				snprintf(cloud, sizeof(cloud), "10.100.%u.0", 1 + i);
				c[i] = c[0];
				c[i].policy_id = SIM_POLICY(i);
				c[i].local = sim_net_range(n == 0 ? site : cloud, 24);
				c[i].remote = sim_net_range(n == 0 ? cloud : site, 24);
				c[i].proposal.encr[0].key_bits = bits[i];
				c[i].proposal.pfs_group = pfs[i];
				c[i].proposal.lifetime = 300 + 100 * i;
			}
			s.node[n].conf.n_children = 3;
		}
		sim_start(&s);
		run(&s, 10);
		for (unsigned i = 0; i < 3; i++) {
			assert_true(sim_agreed(&s, i));
			assert_int_equal(sim_current(&s, 1, i)->sa.encr_key_len, bits[i] / 8);
			assert_int_equal(sim_current(&s, 1, i)->sa.pfs_group, pfs[i]);
		}
		assert_int_equal(sim_counters(&s, 1)->phase1_established, 1);
		run(&s, 3600);
		for (unsigned i = 0; i < 3; i++)
			assert_true(sim_working(&s, i));
		assert_int_equal(sim_counters(&s, 1)->phase1_established, 1);
		sim_fini(&s);
	}
}

static void put_cookies(const struct sim *s, uint8_t m[16])
{
	const struct ike_peer *peer = TAILQ_FIRST(&s->node[1].engine->peers.list);
	const struct ike_sa *sa = TAILQ_FIRST(&peer->sas);
	uint64_t ispi = htobe64(sa->ispi), rspi = htobe64(sa->rspi);

	memcpy(m, &ispi, sizeof(ispi));
	memcpy(m + 8, &rspi, sizeof(rspi));
}

static void exchanges_not_spoken_are_named(void **state)
{
	static const struct {
		uint8_t exchange;
		const char *name;
	} all[] = {{1, "received base"},
		   {3, "received authentication-only"},
		   {6, "received transaction"},
		   {33, "received new-group"}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint8_t m[32] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0x10};
		uint64_t sent;
		struct sim s;

		init_aggressive(&s, 14 + i);
		sim_start(&s);
		m[18] = all[i].exchange;
		m[27] = 32;
		m[31] = 4;
		sent = s.ike_sent;
		sim_inject(&s, 1, m, sizeof(m), false);
		assert_int_equal(s.ike_sent, sent);
		assert_int_equal(sim_evidence(&s, 1, IKE_P1_MODE_MISMATCH), 1);
		assert_true(sim_logged(&s, 1, all[i].name));
		run(&s, 5);
		sent = s.ike_sent;
		put_cookies(&s, m); /* on an SA that is up */
		sim_inject(&s, 1, m, sizeof(m), false);
		assert_int_equal(s.ike_sent, sent);
		assert_int_equal(sim_counters(&s, 1)->rx_refused, 2);
		assert_int_equal(sim_counters(&s, 1)->rx_unknown_sa, 0);
		finish_agreed(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_messages_make_an_ike_sa),
		cmocka_unit_test(every_suite_and_group_comes_up),
		cmocka_unit_test(every_kind_of_identity_is_taken),
		cmocka_unit_test(nat_is_found_on_either_side),
		cmocka_unit_test(message_3_in_clear_counts_for_its_hash_alone),
		cmocka_unit_test(a_lost_message_3_is_asked_for),
		cmocka_unit_test(another_secret_is_named_on_both_sides),
		cmocka_unit_test(an_unknown_initiator_costs_no_exponentiation),
		cmocka_unit_test(an_unwanted_responder_is_told),
		cmocka_unit_test(modes_that_differ_are_named),
		cmocka_unit_test(only_the_first_group_is_offered),
		cmocka_unit_test(the_identity_finds_peer_and_secret),
		cmocka_unit_test(phase_1_is_replaced_without_loss),
		cmocka_unit_test(the_responder_claims_its_lifetime),
		cmocka_unit_test(connections_share_phase_1_whatever_their_proposals),
		cmocka_unit_test(exchanges_not_spoken_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
