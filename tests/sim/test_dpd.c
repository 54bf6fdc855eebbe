/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dpd.c - dead peers, restarts, DELETE and INITIAL-CONTACT between two engines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"
#include "tests/sim/forge.h"
#include "tests/sim/sim.h"

static void start(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.profile.dpd_interval = 8;
		s->node[i].conf.profile.dpd_max_failures = 4;
	}
	sim_start(s);
	sim_run(s, s->now + 2 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
}

static void idle_peers_are_probed_and_live(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 1);
	sim_run(&s, s.now + 600 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_counters(&s, 0)->dpd_dead + sim_counters(&s, 1)->dpd_dead, 0);
	/* One exchange shows both that the other lives. */
	assert_in_range(sim_counters(&s, 0)->dpd_sent + sim_counters(&s, 1)->dpd_sent, 60, 150);
	assert_int_equal(sim_counters(&s, 0)->phase1_established, 1);
	sim_fini(&s);
}

/* PF10: probes are for silence only. When the traffic ends they begin. */
static void peers_that_send_esp_are_not_probed(void **state)
{
	struct sim s;
	uint64_t before;

	(void)state;
	sim_init(&s, 7);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.profile.dpd_interval = 8;
		s.node[i].esp_every = 500 * SIM_MS;
	}
	s.node[1].conf.passive = true;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	before = sim_counters(&s, 0)->dpd_sent + sim_counters(&s, 1)->dpd_sent;
	sim_run(&s, s.now + 300 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->dpd_sent + sim_counters(&s, 1)->dpd_sent, before);
	s.node[0].esp_every = s.node[1].esp_every = 3600 * SIM_SEC;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_true(sim_counters(&s, 0)->dpd_sent + sim_counters(&s, 1)->dpd_sent > before);
	assert_int_equal(sim_counters(&s, 0)->phase1_established, 1);
	sim_fini(&s);
}

static void dead_peer_is_found_in_interval_times_failures(void **state)
{
	struct sim s;
	uint64_t since;

	(void)state;
	start(&s, 2);
	s.node[1].dead = true;
	s.node[1].due = UINT64_MAX;
	since = s.now;
	while (sim_counters(&s, 0)->dpd_dead == 0 && s.now < since + 100 * SIM_SEC)
		sim_run(&s, s.now + SIM_SEC);
	assert_in_range((s.now - since) / SIM_SEC, 4 * 8 - 8, 4 * 8 + 9);
	assert_int_equal(sim_installed(&s, 0), 0);
	assert_int_equal(sim_evidence(&s, 0, IKE_PEER_DEAD), 1);
	assert_true(sim_logged(&s, 0, "DPD check timed out"));
	/* It tries again, and the peer that lost all comes back. */
	s.node[1].dead = false;
	sim_restart(&s, 1);
	sim_run(&s, s.now + 120 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void passive_side_only_removes_a_dead_peer(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 3);
	s.node[0].dead = true;
	s.node[0].due = UINT64_MAX;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->dpd_dead, 1);
	assert_int_equal(sim_installed(&s, 1), 0);
	assert_int_equal(sim_counters(&s, 1)->phase1_started, 0);
	sim_fini(&s);
}

static void disabled_dpd_never_probes(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 4);
	s.node[0].conf.profile.dpd_interval = s.node[1].conf.profile.dpd_interval = 0;
	sim_start(&s);
	sim_run(&s, s.now + 100 * SIM_SEC);
	s.net.loss_pct = 100;
	sim_run(&s, s.now + 500 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->dpd_sent + sim_counters(&s, 1)->dpd_sent, 0);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void lost_probes_do_not_kill(void **state)
{
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		start(&s, 50 + i);
		s.net.loss_pct = 15;
		sim_run(&s, s.now + 600 * SIM_SEC);
		assert_int_equal(sim_counters(&s, 0)->dpd_dead, 0);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* The responder restarts: what the initiator keeps is worth nothing until DPD finds out. */
static void restarted_responder_is_found(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 5);
	sim_restart(&s, 1);
	sim_run(&s, s.now + 120 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead, 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void initial_contact_can_be_held_back(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 6);
	s.node[0].conf.suppress_initial_contact = true;
	sim_restart(&s, 0);
	sim_run(&s, s.now + 3 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->initial_contact, 1); /* the first engine's */
	assert_true(sim_working(&s, 0));
	sim_fini(&s);
}

/* What is recorded and sent again must not delete anything. */
struct record {
	uint8_t data[16][2048];
	size_t len[16];
	bool marker[16];
	unsigned n;
};

static bool record(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct record *r = ctx;

	(void)s;
	if (from == 0 && data[18] == 5 && r->n < 16) {
		memcpy(r->data[r->n], data, d->len);
		r->len[r->n] = d->len;
		r->marker[r->n++] = d->marker;
	}
	return true;
}

static void replayed_and_forged_deletes_do_nothing(void **state)
{
	struct record r = {.n = 0};
	struct sim s;

	(void)state;
	start(&s, 7);
	s.net.hook = record;
	s.net.hook_ctx = &r;
	ike_engine_flush_children(s.node[0].engine, s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 5 * SIM_SEC);
	s.net.hook = NULL;
	assert_true(r.n >= 1);
	for (unsigned k = 0; k < r.n; k++) {
		uint64_t before = sim_counters(&s, 1)->rx_replayed;

		sim_inject(&s, 1, r.data[k], r.len[k], r.marker[k]);
		assert_int_equal(sim_counters(&s, 1)->rx_replayed, before + 1);
		r.data[k][23] ^= 1; /* another message id: another IV and HASH */
		sim_inject(&s, 1, r.data[k], r.len[k], r.marker[k]);
	}
	assert_int_equal(
		sim_counters(&s, 1)->rx_unauthentic + sim_counters(&s, 1)->rx_undecryptable, r.n);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* Without DPD a lost SA shows when it answers no quick mode. */
static void forgotten_ike_sa_is_found_by_a_silent_quick_mode(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 8);
	s.node[1].conf.passive = true;
	s.node[0].conf.profile.dpd_interval = s.node[1].conf.profile.dpd_interval = 0;
	sim_start(&s);
	sim_run(&s, s.now + 2 * SIM_SEC);
	sim_restart(&s, 1);
	ike_engine_flush_children(s.node[0].engine, s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 100 * SIM_SEC);
	assert_true(sim_evidence(&s, 0, IKE_P2_SILENT) == 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

struct which { /* of the IKE SAs in a state */
	const char *state;
	uint8_t cookies[16];
};

static void find_cookies(void *ctx, const struct ike_sa_info *info)
{
	struct which *w = ctx;

	if (strcmp(info->state, w->state) != 0)
		return;
	for (int i = 0; i < 8; i++) {
		w->cookies[i] = (uint8_t)(info->ispi >> (56 - 8 * i));
		w->cookies[8 + i] = (uint8_t)(info->rspi >> (56 - 8 * i));
	}
}

/* The newer of two IKE SAs is deleted: the older one is in use, and watched, again. */
static void replaced_ike_sa_is_revived(void **state)
{
	uint8_t delete[28] = {0, 0, 0, 28, 0, 0, 0, 1, 1, 16, 0, 1};
	struct which which = {.state = "established"};
	struct sim s;

	(void)state;
	start(&s, 9);
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	sim_run(&s, s.now + SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 0, "replaced"), 1);
	ike_engine_visit_sas(s.node[1].engine, find_cookies, &which);
	memcpy(delete + 12, which.cookies, sizeof(which.cookies));
	assert_true(forge_send(&s, 1, 5, 99, 12, delete, sizeof(delete), FORGE_RIGHT));
	assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	s.node[1].dead = true;
	s.node[1].due = UINT64_MAX;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead, 1);
	sim_fini(&s);
}

/* Both begin at once, and two IKE SAs stay. */
static void start_two(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->net.delay_min = s->net.delay_max = 20 * SIM_MS;
	for (int i = 0; i < 2; i++)
		s->node[i].esp_every = 500 * SIM_MS;
	sim_start(s);
	sim_run(s, s->now + 20 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
	assert_int_equal(sim_ike_sas(s, 0, NULL), 2);
	assert_int_equal(sim_ike_sas(s, 1, NULL), 2);
}

/* One of them is gone at the peer: it goes here, too, and nothing else does. */
static void ike_sa_that_the_peer_lost_goes_alone(void **state)
{
	uint8_t delete[28] = {0, 0, 0, 28, 0, 0, 0, 1, 1, 16, 0, 1};
	struct which which[] = {{.state = "established"}, {.state = "replaced"}};
	struct sim s;
	uint32_t spi;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		start_two(&s, 20 + k);
		spi = sim_current(&s, 1, 0)->sa.in.spi;
		ike_engine_visit_sas(s.node[1].engine, find_cookies, &which[k]);
		memcpy(delete + 12, which[k].cookies, 16);
		assert_true(forge_send(&s, 1, 5, 99, 12, delete, sizeof(delete), FORGE_RIGHT));
		assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
		assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_current(&s, 1, 0)->sa.in.spi, spi);
		assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
		sim_fini(&s);
	}
}

/* One question is all it gets, and the other's answer is still to come. */
static void one_of_two_idle_ike_sas_goes_alone(void **state)
{
	uint8_t delete[28] = {0, 0, 0, 28, 0, 0, 0, 1, 1, 16, 0, 1};

	(void)state;
	for (unsigned seed = 40; seed < 140; seed++) {
		struct which w = {.state = seed % 2 ? "established" : "replaced"};
		struct sim s;

		start_two(&s, seed);
		for (int i = 0; i < 2; i++) {
			struct ike_engine *e = s.node[i].engine;

			s.node[i].esp_every = 3600 * SIM_SEC;
			TAILQ_FIRST(&e->peers.list)->conf.profile.dpd_max_failures = 1;
		}
		TAILQ_FIRST(&s.node[0].engine->peers.list)->conf.profile.dpd_interval = 0;
		s.net.delay_max = 900 * SIM_MS;
		sim_run(&s, s.now + (20 + seed % 16) * SIM_SEC);
		ike_engine_visit_sas(s.node[1].engine, find_cookies, &w);
		memcpy(delete + 12, w.cookies, 16);
		assert_true(forge_send(&s, 1, 5, 99, 12, delete, sizeof(delete), FORGE_RIGHT));
		sim_run(&s, s.now + 60 * SIM_SEC);
		assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* RFC 3706 section 6.2: the peer answers rising numbers only. */
static void revived_ike_sa_goes_on_counting(void **state)
{
	uint8_t delete[28] = {0, 0, 0, 28, 0, 0, 0, 1, 1, 16, 0, 1};

	(void)state;
	for (unsigned seed = 300; seed < 320; seed++) {
		struct which w = {.state = "established"};
		struct sim s;
		uint32_t spi;

		sim_init(&s, seed);
		s.net.delay_min = s.net.delay_max = 20 * SIM_MS;
		s.node[0].conf.profile.dpd_interval = 0; /* it asks nothing itself */
		sim_start(&s);
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 2);
		spi = sim_current(&s, 1, 0)->sa.in.spi;
		ike_engine_visit_sas(s.node[1].engine, find_cookies, &w);
		memcpy(delete + 12, w.cookies, 16);
		assert_true(forge_send(&s, 1, 5, 99, 12, delete, sizeof(delete), FORGE_RIGHT));
		assert_int_equal(sim_ike_sas(&s, 0, NULL), 1);
		sim_run(&s, s.now + 200 * SIM_SEC);
		assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
		assert_int_equal(sim_current(&s, 1, 0)->sa.in.spi, spi);
		sim_fini(&s);
	}
}

static void dead_peer_of_two_ike_sas_is_found(void **state)
{
	struct sim s;

	(void)state;
	start_two(&s, 22);
	s.node[0].dead = true;
	s.node[0].esp_every = 3600 * SIM_SEC;
	s.node[0].due = UINT64_MAX;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->dpd_dead, 1);
	assert_int_equal(sim_installed(&s, 1), 0);
	sim_fini(&s);
}

/* Its IKE is silent, its ESP is not. */
static bool lose_ike(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)data;
	(void)ctx;
	return from == 1;
}

static void esp_proves_life_beside_two_silent_ike_sas(void **state)
{
	struct sim s;

	(void)state;
	start_two(&s, 23);
	s.net.hook = lose_ike;
	sim_run(&s, s.now + 120 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
	assert_int_equal(sim_installed(&s, 1), 1);
	s.net.hook = NULL;
	sim_run(&s, s.now + 60 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* As if the making of all SAs had overlapped; their probes are apart. */
static void put_beside(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		struct ike_engine *e = s->node[i].engine;
		struct ike_peer *peer = TAILQ_FIRST(&e->peers.list);
		struct ike_sa *sa;
		unsigned n = 0;

		TAILQ_FOREACH (sa, &peer->sas, of_peer) {
			sa->beside = true;
			sa->ends = sa->established + (uint64_t)sa->lifetime * TIMERS_SEC;
			timers_arm(&e->timers, &sa->life, sa->ends);
			timers_arm(&e->timers, &sa->dpd_timer, s->now + (8 + 2 * n++) * SIM_SEC);
		}
		s->node[i].due = s->now;
	}
}

static void esp_proves_life_beside_three_silent_ike_sas(void **state)
{
	struct sim s;

	(void)state;
	start_two(&s, 23);
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 1 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 3);
	put_beside(&s);
	sim_run(&s, s.now + 30 * SIM_SEC);
	s.net.hook = lose_ike;
	sim_run(&s, s.now + 120 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->dpd_dead, 0);
	assert_int_equal(sim_installed(&s, 1), 1);
	sim_fini(&s);
}

/* Message 3 of aggressive mode, of which the SA's cookies are both known. */
static bool lose_msg3(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	static const uint8_t none[8];
	const uint64_t *until = ctx;

	(void)d;
	return from != 0 || data[18] != 4 || memcmp(data + 8, none, 8) == 0 || s->now >= *until;
}

/* Who sent the last message of phase 1 is up, and alone if it is lost; ESP does not tell. */
static void ike_sa_that_the_peer_never_had_is_found(void **state)
{
	struct sim s;
	uint64_t until, lost;

	(void)state;
	sim_init(&s, 24);
	s.node[1].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = IKE_MODE_AGGRESSIVE;
		s.node[i].esp_every = 500 * SIM_MS;
	}
	sim_start(&s);
	sim_run(&s, s.now + 3 * SIM_SEC);
	until = s.now + 50 * SIM_SEC;
	s.net.hook = lose_msg3;
	s.net.hook_ctx = &until;
	lost = s.node[0].esp_no_sa + s.node[1].esp_no_sa;
	assert_int_equal(ike_engine_rekey(s.node[0].engine, "peer1", true, s.now), 0);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 10 * SIM_SEC);
	assert_int_equal(sim_ike_sas_alone(&s, 0), 1);
	sim_run(&s, s.now + 200 * SIM_SEC);
	assert_int_equal(sim_ike_sas_alone(&s, 0) + sim_ike_sas_alone(&s, 1), 0);
	assert_int_equal(sim_counters(&s, 0)->dpd_dead + sim_counters(&s, 1)->dpd_dead, 0);
	assert_int_equal(s.node[0].esp_no_sa + s.node[1].esp_no_sa, lost);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_peers_are_probed_and_live),
		cmocka_unit_test(peers_that_send_esp_are_not_probed),
		cmocka_unit_test(dead_peer_is_found_in_interval_times_failures),
		cmocka_unit_test(passive_side_only_removes_a_dead_peer),
		cmocka_unit_test(disabled_dpd_never_probes),
		cmocka_unit_test(lost_probes_do_not_kill),
		cmocka_unit_test(restarted_responder_is_found),
		cmocka_unit_test(initial_contact_can_be_held_back),
		cmocka_unit_test(replayed_and_forged_deletes_do_nothing),
		cmocka_unit_test(forgotten_ike_sa_is_found_by_a_silent_quick_mode),
		cmocka_unit_test(replaced_ike_sa_is_revived),
		cmocka_unit_test(ike_sa_that_the_peer_lost_goes_alone),
		cmocka_unit_test(one_of_two_idle_ike_sas_goes_alone),
		cmocka_unit_test(revived_ike_sa_goes_on_counting),
		cmocka_unit_test(dead_peer_of_two_ike_sas_is_found),
		cmocka_unit_test(esp_proves_life_beside_two_silent_ike_sas),
		cmocka_unit_test(esp_proves_life_beside_three_silent_ike_sas),
		cmocka_unit_test(ike_sa_that_the_peer_never_had_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
