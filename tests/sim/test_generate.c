/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_generate.c - policies generated from templates, in both versions of IKE: what a template
 * covers comes up, for as long as it has SAs, and nothing else does. Node A asks, node B has the
 * template and no policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/generate.h"
#include "control/ike/ts.h"
#include "tests/sim/genkit.h"

static void what_a_template_covers_comes_up_and_goes_with_its_sas(void **state)
{
	struct abi_range local = sim_net_range("10.100.1.0", 24);
	struct abi_range remote = sim_net_range("192.168.1.0", 24);
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 1, v);
		sim_start(&s);
		gen_run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(gen_only(&s)->template_id, TEMPLATE_ID);
		gen_assert_range(&gen_only(&s)->conf.local, &local);
		gen_assert_range(&gen_only(&s)->conf.remote, &remote);
		/* The peer deletes it. */
		s.node[A].conf.n_children = 0;
		assert_int_equal(sim_configure(&s, A), 0);
		gen_run(&s, 20);
		assert_int_equal(s.node[B].n_generated, 0);
		assert_int_equal(sim_installed(&s, B), 0);
		assert_true(sim_logged(&s, B, "ends with its last SA"));
		sim_fini(&s);
	}
}

static void rekeying_keeps_the_policy(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int who = 0; who < 2; who++) { /* whose lifetime is over first */
			gen_init(&s, 2, v);
			s.node[A].children[0].proposal.lifetime = 600;
			gen_template.proposal.lifetime = 600;
			if (v == 2)
				(who == 0 ? &s.node[A].children[0] : &gen_template)
					->proposal.lifetime = 300;
			for (int i = 0; i < 2; i++)
				s.node[i].esp_every = SIM_SEC;
			sim_start(&s);
			gen_run(&s, 3600);
			assert_true(sim_working(&s, 0));
			assert_int_equal(s.node[B].generations, 1);
			assert_true(s.node[B].installs > 5);
			assert_int_equal(s.node[A].esp_no_sa + s.node[B].esp_no_sa, 0);
			sim_fini(&s);
		}
	}
}

static void evidence_of(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	bool *named = ctx;

	(void)peer;
	*named |= ev->code == IKE_P2_TS_MISMATCH && strstr(ev->configured, "\"branches\"") &&
		  strstr(ev->configured, "10.100.0.0/16 === 192.168.0.0/16") &&
		  strstr(ev->advice, "template");
}

static bool evidence_names_group(const struct sim *s)
{
	bool named = false;

	ike_engine_visit_evidence(s->node[B].engine, NULL, evidence_of, &named);
	return named;
}

static void what_no_template_covers_is_refused_by_the_name_of_the_group(void **state)
{
	static const struct {
		const char *mine, *theirs;
	} out[] = {{"192.169.1.0", "10.100.1.0"}, {"192.168.1.0", "10.101.1.0"}};
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (size_t i = 0; i < 2; i++) {
			gen_init(&s, 3, v);
			s.node[A].children[0].local = sim_net_range(out[i].mine, 24);
			s.node[A].children[0].remote = sim_net_range(out[i].theirs, 24);
			sim_start(&s);
			gen_run(&s, 5);
			assert_int_equal(s.node[B].generations, 0);
			assert_int_equal(sim_installed(&s, A) + sim_installed(&s, B), 0);
			assert_true(evidence_names_group(&s));
			/* widened, as the advice has it */
			gen_template.local = sim_net_range("10.96.0.0", 11);
			gen_template.remote = sim_net_range("192.168.0.0", 15);
			assert_int_equal(sim_configure(&s, B), 0);
			gen_run(&s, 90);
			assert_true(sim_agreed(&s, 0));
			sim_fini(&s);
		}
	}
}

static void without_generate_policy_nothing_is_generated(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 4, v);
		s.node[B].conf.generate = IKE_GENERATE_NO;
		s.node[B].conf.n_templates = 0;
		sim_start(&s);
		gen_run(&s, 5);
		assert_int_equal(s.node[B].generations, 0);
		assert_int_equal(sim_installed(&s, B), 0);
		assert_true(sim_evidence(&s, B, IKE_P2_TS_MISMATCH) > 0);
		assert_false(evidence_names_group(&s));
		sim_fini(&s);
	}
}

static void ikev2_narrows_to_the_template_and_ikev1_refuses(void **state)
{
	struct abi_range want = sim_net_range("10.100.0.0", 16);
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 5, v);
		s.node[A].children[0].remote = sim_net_range("10.0.0.0", 8);
		sim_start(&s);
		gen_run(&s, 5);
		if (v == 1) {
			assert_int_equal(s.node[B].generations, 0);
			assert_true(evidence_names_group(&s));
		} else {
			assert_true(sim_agreed(&s, 0));
			gen_assert_range(&gen_only(&s)->conf.local, &want);
			gen_assert_range(&sim_current(&s, A, 0)->sa.ts_remote[0], &want);
		}
		sim_fini(&s);
	}
}

static void several_selectors_make_one_policy(void **state)
{
	struct ike_child_more more = {.n_remote = 2};
	struct ike_child_conf *c;
	struct sim s;

	(void)state;
	gen_init(&s, 6, 2);
	c = &s.node[A].children[0];
	more.remote[0] = sim_net_range("10.100.7.0", 28);
	more.remote[1] = sim_net_range("10.101.0.0", 16); /* not covered: left out */
	c->more = &more;
	sim_start(&s);
	gen_run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(gen_only(&s)->more.n_local, 1);
	gen_assert_range(&gen_only(&s)->more.local[0], &more.remote[0]);
	assert_int_equal(gen_only(&s)->more.n_remote, 0);
	sim_fini(&s);
}

static void a_policy_of_a_dead_peer_ends(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 7, v);
		sim_start(&s);
		gen_run(&s, 5);
		assert_int_equal(s.node[B].n_generated, 1);
		s.node[A].dead = true;
		gen_run(&s, 200);
		assert_int_equal(s.node[B].n_generated, 0);
		assert_int_equal(sim_installed(&s, B), 0);
		s.node[A].dead = false;
		sim_restart(&s, A);
		gen_run(&s, 200);
		assert_true(sim_working(&s, 0));
		assert_int_equal(s.node[B].n_generated, 1);
		sim_fini(&s);
	}
}

static void a_party_gets_so_many_and_no_more(void **state)
{
	static struct ike_child_conf many[GENERATE_MAX_PARTY + 4];
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 9, v);
		for (unsigned i = 0; i < GENERATE_MAX_PARTY + 4; i++) {
			char net[32];

			snprintf(net, sizeof(net), "10.100.%u.0", i);
			many[i] = s.node[A].children[0];
			many[i].policy_id = SIM_POLICY(i);
			many[i].remote = sim_net_range(net, 24);
		}
		s.node[A].conf.children = many;
		s.node[A].conf.n_children = GENERATE_MAX_PARTY + 4;
		sim_start(&s);
		gen_run(&s, 60);
		assert_int_equal(s.node[B].n_generated, GENERATE_MAX_PARTY);
		assert_true(sim_evidence(&s, B, IKE_P2_TS_MISMATCH) > 0);
		sim_fini(&s);
	}
}

static void without_room_it_is_refused_until_there_is_some(void **state)
{
	static struct ike_child_conf two[2];
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 10, v);
		two[0] = two[1] = s.node[A].children[0];
		two[1].policy_id = SIM_POLICY(1);
		two[1].remote = sim_net_range("10.100.2.0", 24);
		s.node[A].conf.children = two;
		s.node[A].conf.n_children = 2;
		s.node[B].max_generated = 1;
		sim_start(&s);
		gen_run(&s, 10);
		assert_int_equal(s.node[B].n_generated, 1);
		/* IKEv2 can say that it is for now */
		assert_int_equal(sim_evidence(&s, B, IKE_P2_TS_MISMATCH) > 0, v == 1);
		assert_int_equal(sim_evidence(&s, A, IKE_P2_TS_MISMATCH) > 0, v == 1);
		s.node[B].max_generated = 0;
		gen_run(&s, 120);
		assert_int_equal(s.node[B].n_generated, 2);
		assert_true(sim_working(&s, 0) && sim_working(&s, 1));
		sim_fini(&s);
	}
}

static void set_id(struct ike_identity_conf *id, const char *text)
{
	memset(id, 0, sizeof(*id));
	id->type = IKE_ID_FQDN;
	id->len = (uint16_t)strlen(text);
	memcpy(id->data, text, id->len);
}

/* Who knows the secret cannot take over what another identity has; the same one can come again. */
static void a_party_keeps_its_selectors(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int other = 0; other < 2; other++) {
			gen_init(&s, 11, v);
			set_id(&s.node[A].conf.my_id, "one.example");
			s.node[A].conf.send_initial_contact = false;
			s.node[B].conf.profile.dpd_interval = 60; /* the old one is missed late */
			sim_start(&s);
			gen_run(&s, 5);
			assert_int_equal(s.node[B].n_generated, 1);
			if (other)
				set_id(&s.node[A].conf.my_id, "two.example");
			sim_restart(&s, A); /* which says no word to B */
			gen_run(&s, 20);
			assert_int_equal(sim_current(&s, A, 0) != NULL, !other);
			if (other)
				assert_true(sim_evidence(&s, B, IKE_P2_TS_MISMATCH) > 0);
			gen_run(&s, 2000); /* the old one is found dead */
			assert_true(sim_working(&s, 0));
			assert_int_equal(s.node[B].n_generated, 1);
			sim_fini(&s);
		}
	}
}

/* Nor can it take a part of that, or more than that, with selectors of its own. */
static void a_party_keeps_its_traffic(void **state)
{
	static const struct {
		const char *net;
		uint8_t len;
		bool apart;
	} asks[] = {
		{"192.168.0.0", 16, false}, {"192.168.1.64", 26, false}, {"192.168.2.0", 24, true}};
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
			gen_init(&s, 14, v);
			set_id(&s.node[A].conf.my_id, "one.example");
			s.node[A].conf.send_initial_contact = false;
			s.node[B].conf.profile.dpd_interval = 60;
			sim_start(&s);
			gen_run(&s, 5);
			assert_int_equal(s.node[B].n_generated, 1);
			set_id(&s.node[A].conf.my_id, "two.example");
			s.node[A].children[0].local = sim_net_range(asks[i].net, asks[i].len);
			sim_restart(&s, A);
			gen_run(&s, 20);
			assert_int_equal(sim_current(&s, A, 0) != NULL, asks[i].apart);
			assert_int_equal(s.node[B].n_generated, asks[i].apart ? 2 : 1);
			sim_fini(&s);
		}
	}
}

/* With several parties behind one peer, each pair is rekeyed with the party it is of. */
static void a_pair_is_not_rekeyed_with_another_party(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 15, v);
		for (int i = 0; i < 2; i++)
			s.node[i].conf.profile.dpd_interval = 0;
		s.node[A].children[0].proposal.lifetime = 600;
		gen_template.proposal.lifetime = v == 2 ? 300 : 600;
		set_id(&s.node[A].conf.my_id, "one.example");
		s.node[A].conf.send_initial_contact = false;
		sim_start(&s);
		gen_run(&s, 5);
		assert_int_equal(s.node[B].n_generated, 1);
		set_id(&s.node[A].conf.my_id, "two.example");
		s.node[A].children[0].local = sim_net_range("192.168.2.0", 24);
		sim_restart(&s, A);
		gen_run(&s, 20);
		assert_int_equal(s.node[B].n_generated, 2);
		gen_run(&s, 900); /* the first one is gone for ever */
		assert_int_equal(sim_evidence(&s, A, IKE_P2_TS_MISMATCH), 0);
		assert_int_equal(s.node[B].n_generated, 1);
		assert_non_null(sim_current(&s, A, 0));
		sim_fini(&s);
	}
}

/* Control is killed: the policy is there again, under its id, and its pair goes on. */
static void it_outlives_a_crash(void **state)
{
	struct abi_range remote = sim_net_range("192.168.1.0", 24);
	uint32_t id, spi;
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 16, v);
		for (int i = 0; i < 2; i++)
			s.node[i].keeps = true;
		s.node[B].conf.passive = true;
		sim_start(&s);
		gen_run(&s, 30);
		id = gen_only(&s)->id;
		spi = sim_current(&s, A, 0)->sa.in.spi;
		assert_int_equal(sim_kill(&s, B), 1);
		assert_int_equal(gen_only(&s)->id, id);
		gen_assert_range(&gen_only(&s)->conf.remote, &remote);
		assert_int_equal(sim_installed(&s, B), 1);
		assert_int_equal(sim_current(&s, A, 0)->sa.in.spi, spi);
		gen_run(&s, 60);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(s.node[B].n_generated, 1);
		/* Not for another configuration. */
		gen_template.remote = sim_net_range("172.16.0.0", 16);
		(void)sim_kill(&s, B);
		assert_int_equal(s.node[B].n_generated, 0);
		sim_fini(&s);
	}
}

static void other_algorithms_are_refused_without_a_policy(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 12, v);
		gen_template.proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_128;
		sim_start(&s);
		gen_run(&s, 5);
		assert_int_equal(s.node[B].generations, 0);
		assert_true(sim_evidence(&s, B, IKE_P2_ALG_MISMATCH) > 0);
		sim_fini(&s);
	}
}

static void a_configured_policy_comes_before_templates(void **state)
{
	static struct ike_child_conf own;
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		gen_init(&s, 13, v);
		own = s.node[B].children[0];
		s.node[B].conf.children = &own;
		s.node[B].conf.n_children = 1;
		s.node[B].conf.passive = true;
		sim_start(&s);
		gen_run(&s, 5);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(s.node[B].generations, 0);
		sim_fini(&s);
	}
}

/* Destination routing: everything is negotiated, some of it may go through. */
static void of_what_is_negotiated_only_some_may_be_used(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int first = 0; first < 2; first++) { /* who begins */
			struct ike_child_more use = {.n_use_local = 1, .n_use_remote = 1};
			struct ike_child_conf *a, *b;

			gen_init(&s, 14, v);
			s.node[B].conf.templates = NULL;
			s.node[B].conf.n_templates = 0;
			s.node[B].conf.generate = IKE_GENERATE_NO;
			s.node[B].conf.n_children = 1;
			s.node[1 - first].conf.passive = true;
			a = &s.node[A].children[0];
			b = &s.node[B].children[0];
			use.use_local[0] = a->local;
			use.use_remote[0] = a->remote;
			a->more = &use;
			a->local = a->remote = sim_net_range("0.0.0.0", 0);
			b->local = b->remote = a->local;
			sim_start(&s);
			gen_run(&s, 5);
			assert_true(sim_agreed(&s, 0));
			gen_assert_range(&sim_current(&s, A, 0)->sa.ts_local[0], &use.use_local[0]);
			gen_assert_range(&sim_current(&s, A, 0)->sa.ts_remote[0],
					 &use.use_remote[0]);
			assert_int_equal(sim_current(&s, A, 0)->sa.n_remote, 1);
			gen_assert_range(&sim_current(&s, B, 0)->sa.ts_remote[0], &b->remote);
			sim_fini(&s);
		}
	}
}

static void lost_messages_leave_neither_policies_nor_pairs_behind(void **state)
{
	struct sim s;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		gen_init(&s, seed, seed % 2 ? 1 : 2);
		s.net.loss_pct = 15;
		s.net.dup_pct = 10;
		s.net.delay_max = 200 * SIM_MS;
		s.node[A].children[0].proposal.lifetime = 120;
		gen_template.proposal.lifetime = 120;
		s.node[B].install_status = seed % 7 == 0 ? -12 : 0;
		sim_slow_dh(&s);
		sim_start(&s);
		gen_run(&s, 300);
		s.net.loss_pct = s.net.dup_pct = 0;
		s.node[B].install_status = 0;
		gen_run(&s, 300);
		if (!sim_working(&s, 0) || s.node[B].n_generated != 1)
			fail_msg("seed %d: %u policies", (int)seed, s.node[B].n_generated);
		s.node[A].conf.n_children = 0;
		assert_int_equal(sim_configure(&s, A), 0);
		gen_run(&s, 200);
		assert_int_equal(s.node[B].n_generated, 0);
		assert_int_equal(sim_installed(&s, B), 0);
		sim_fini(&s);
	}
}

/* The peer makes no next pair, so the DELETE goes on being repeated: nobody waits for that. */
static void selectors_of_a_deleted_pair_are_free(void **state)
{
	static const uint8_t lens[] = {24, 16}; /* the same, and others that have them */

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim s;

		gen_init(&s, 11, 1);
		s.node[A].conf.on_demand = true;
		set_id(&s.node[A].conf.my_id, "one.example");
		s.node[A].conf.send_initial_contact = false;
		s.node[B].conf.passive = true;
		sim_start(&s);
		ike_engine_acquire(s.node[A].engine, SIM_POLICY(0), s.now);
		s.node[A].due = s.now;
		gen_run(&s, 100);
		assert_int_equal(s.node[B].n_generated, 1);
		ike_engine_flush_children(s.node[B].engine, s.now);
		s.node[B].due = s.now;
		gen_run(&s, 10);
		assert_int_equal(sim_installed(&s, A) + sim_installed(&s, B), 0);
		assert_int_equal(s.node[B].n_generated, 1);
		s.node[A].conf.on_demand = false;
		set_id(&s.node[A].conf.my_id, "two.example");
		s.node[A].children[0].local =
			sim_net_range(lens[i] == 24 ? "192.168.1.0" : "192.168.0.0", lens[i]);
		sim_restart(&s, A);
		gen_run(&s, 20);
		assert_true(sim_current(&s, A, 0) != NULL);
		assert_int_equal(s.node[B].n_generated, 1);
		assert_int_equal(sim_evidence(&s, B, IKE_P2_TS_MISMATCH), 0);
		assert_int_equal(sim_installed(&s, B), 1);
		gen_run(&s, 300);
		assert_int_equal(s.node[B].n_generated, 1);
		assert_int_equal(sim_installed(&s, B), 1);
		sim_fini(&s);
	}
}

static bool lose_infos(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	const uint64_t *until = ctx;

	(void)d;
	return from != B || data[18] != 5 || s->now >= *until;
}

/* The DELETE that nobody heard is not repeated after a restart: the peer learns of it all the same.
 */
static void deleted_pair_is_missed_after_a_restart(void **state)
{
	uint64_t until;
	struct sim s;

	(void)state;
	gen_init(&s, 16, 1);
	for (int i = 0; i < 2; i++) {
		s.node[i].keeps = true;
		s.node[i].esp_every = 500 * SIM_MS;
	}
	s.node[B].conf.passive = true;
	sim_start(&s);
	gen_run(&s, 30);
	assert_int_equal(sim_installed(&s, B), 1);
	until = s.now + 8 * SIM_SEC;
	s.net.hook = lose_infos;
	s.net.hook_ctx = &until;
	ike_engine_flush_children(s.node[B].engine, s.now);
	s.node[B].due = s.now;
	gen_run(&s, 4);
	(void)sim_kill(&s, B);
	gen_run(&s, 120);
	assert_true(sim_working(&s, 0));
	assert_int_equal(s.node[B].n_generated, 1);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_template_covers_comes_up_and_goes_with_its_sas),
		cmocka_unit_test(rekeying_keeps_the_policy),
		cmocka_unit_test(what_no_template_covers_is_refused_by_the_name_of_the_group),
		cmocka_unit_test(without_generate_policy_nothing_is_generated),
		cmocka_unit_test(ikev2_narrows_to_the_template_and_ikev1_refuses),
		cmocka_unit_test(several_selectors_make_one_policy),
		cmocka_unit_test(a_policy_of_a_dead_peer_ends),
		cmocka_unit_test(a_party_gets_so_many_and_no_more),
		cmocka_unit_test(without_room_it_is_refused_until_there_is_some),
		cmocka_unit_test(a_party_keeps_its_selectors),
		cmocka_unit_test(a_party_keeps_its_traffic),
		cmocka_unit_test(it_outlives_a_crash),
		cmocka_unit_test(a_pair_is_not_rekeyed_with_another_party),
		cmocka_unit_test(other_algorithms_are_refused_without_a_policy),
		cmocka_unit_test(a_configured_policy_comes_before_templates),
		cmocka_unit_test(of_what_is_negotiated_only_some_may_be_used),
		cmocka_unit_test(selectors_of_a_deleted_pair_are_free),
		cmocka_unit_test(deleted_pair_is_missed_after_a_restart),
		cmocka_unit_test(lost_messages_leave_neither_policies_nor_pairs_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
