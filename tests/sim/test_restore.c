/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_restore.c - control is killed and made anew from records: IKE SAs and pairs go on, traffic
 * does not stop, liveness, rekeys and deletes work as before, and no message id of IKEv2 is ever
 * used for two contents. argv[1]: seeds of the long part (default 60).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/record.h"
#include "control/ike/state.h"
#include "tests/sim/sim.h"

static unsigned n_seeds = 60;

static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_IKE2};

/* What was sent under each message id: header up to the id, and a sum of all. */
#define IDS 8192
struct ids {
	struct {
		uint8_t head[24];
		uint64_t sum;
	} seen[IDS];
	unsigned n, twice;
};

static bool note_id(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct ids *ids = ctx;
	uint64_t sum = 14695981039346656037ULL;
	uint8_t head[24];

	(void)s;
	(void)from;
	if (d->len < 28 || data[17] != 0x20 || data[18] == 34)
		return true;
	memcpy(head, data, sizeof(head));
	head[16] = 0; /* first payload */
	for (size_t i = 0; i < d->len; i++)
		sum = (sum ^ data[i]) * 1099511628211ULL;
	for (unsigned i = 0; i < ids->n; i++) {
		if (memcmp(ids->seen[i].head, head, sizeof(head)) != 0)
			continue;
		ids->twice += ids->seen[i].sum != sum;
		return true;
	}
	assert_true(ids->n < IDS);
	memcpy(ids->seen[ids->n].head, head, sizeof(head));
	ids->seen[ids->n++].sum = sum;
	return true;
}

static void init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode, struct ids *ids)
{
	memset(ids, 0, sizeof(*ids));
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].keeps = true;
		s->node[i].esp_every = 50 * SIM_MS;
	}
	s->node[1].conf.passive = true;
	s->net.hook = note_id;
	s->net.hook_ctx = ids;
	sim_start(s);
}

static void run(struct sim *s, uint64_t ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

static void goes_on_with_the_same_sas(void **state)
{
	static struct ids ids;

	(void)state;
	for (unsigned i = 0; i < 2 * 3; i++) { /* which side, or both */
		uint8_t before[8], after[8];
		struct sim s;
		uint64_t lost;

		init(&s, 10 + i, modes[i % 2], &ids);
		run(&s, 3000);
		assert_true(sim_agreed(&s, 0));
		sim_first_cookie(&s, 0, before);
		lost = s.node[0].esp_lost + s.node[1].esp_lost;
		for (int node = 0; node < 2; node++) {
			if (i / 2 == 2 || (unsigned)node == i / 2)
				assert_int_equal(sim_kill(&s, node), 1);
		}
		run(&s, 60000);
		assert_true(sim_agreed(&s, 0));
		sim_first_cookie(&s, 0, after);
		assert_memory_equal(before, after, 8);
		/* liveness, with no ESP to stand for it */
		s.node[0].esp_every = s.node[1].esp_every = 3600 * SIM_SEC;
		run(&s, 60000);
		assert_true(sim_counters(&s, 0)->dpd_received + sim_counters(&s, 1)->dpd_received >
			    0);
		assert_int_equal(sim_counters(&s, 0)->dpd_dead + sim_counters(&s, 1)->dpd_dead, 0);
		/* rekeys from both sides, of both kinds */
		for (int k = 0; k < 4; k++) {
			(void)sim_rekey(&s, k % 2, k >= 2 && modes[i % 2] == IKE_MODE_IKE2);
			run(&s, 20000);
			assert_true(sim_agreed(&s, 0));
		}
		assert_int_equal(s.node[0].esp_lost + s.node[1].esp_lost, lost);
		/* and the end: the other side hears of it */
		ike_engine_terminate(s.node[1].engine, NULL, s.now);
		s.node[1].due = s.now;
		run(&s, 500);
		assert_int_equal(sim_ike_sas(&s, 0, "established"), 0);
		assert_int_equal(ids.twice, 0);
		assert_int_equal(sim_counters(&s, 0)->rx_undecryptable, 0);
		assert_int_equal(sim_counters(&s, 1)->rx_undecryptable, 0);
		sim_fini(&s);
	}
}

/* IKE of the peer is lost, its ESP is not: that proves life as before. */
static bool lose_all_ike(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)data;
	(void)ctx;
	return from == 1;
}

static void esp_proves_life_after_a_restart(void **state)
{
	static struct ids ids;
	uint8_t before[8], after[8];
	struct sim s;

	(void)state;
	init(&s, 16, IKE_MODE_MAIN, &ids);
	run(&s, 3000);
	(void)sim_rekey(&s, 1, false);
	run(&s, 10000);
	assert_true(sim_agreed(&s, 0));
	sim_first_cookie(&s, 0, before);
	s.net.hook = lose_all_ike;
	assert_int_equal(sim_kill(&s, 0), 1);
	run(&s, 60000);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	sim_first_cookie(&s, 0, after);
	assert_memory_equal(before, after, 8);
	sim_fini(&s);
}

/* Killed between any two events of rekeys and deletes, on networks that lose. With IKEv1, where the
 * last message of quick mode and DELETE have no answer, the sides may part until the next rekey. */
static void any_moment_ends_well(void **state)
{
	static struct ids ids;
	unsigned bad = 0, went_on = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * n_seeds; i++) {
		struct sim s;

		init(&s, 1000 + i, modes[i % 2], &ids);
		run(&s, 3000);
		if (modes[i % 2] == IKE_MODE_IKE2) /* DELETE of IKEv1 has no answer */
			s.net.loss_pct = (unsigned)(sim_random(&s) % 20);
		s.net.delay_max = s.net.delay_min + sim_random(&s) % (100 * SIM_MS);
		for (int k = 0; k < 6; k++) {
			int node = (int)(sim_random(&s) & 1);

			if (sim_random(&s) % 3 != 0)
				(void)sim_rekey(&s, node, sim_random(&s) % 3 == 0);
			else
				ike_engine_flush_children(s.node[node].engine, s.now);
			s.node[node].due = s.now;
			sim_run(&s, s.now + sim_random(&s) % (60 * SIM_MS));
			went_on += sim_kill(&s, (int)(sim_random(&s) & 1));
			sim_run(&s, s.now + sim_random(&s) % (8 * SIM_SEC));
		}
		s.net.loss_pct = 0;
		run(&s, 300000);
		if (modes[i % 2] == IKE_MODE_MAIN) { /* in doubt by the next rekey */
			s.node[0].esp_every = s.node[1].esp_every = 10 * SIM_SEC;
			run(&s, 2400000);
			for (int k = 0; k < 5 && !sim_working(&s, 0); k++)
				run(&s, 1000); /* in the middle of one */
		}
		if (!(modes[i % 2] == IKE_MODE_MAIN ? sim_working(&s, 0) : sim_agreed(&s, 0)) ||
		    ids.twice != 0) {
			print_message("seed %u: agreed %d, %u ids twice, %u and %u pairs\n",
				      1000 + i, sim_agreed(&s, 0), ids.twice, sim_installed(&s, 0),
				      sim_installed(&s, 1));
			bad++;
		}
		sim_fini(&s);
	}
	assert_int_equal(bad, 0);
	assert_true(went_on > n_seeds); /* most of the time there was something to go on with */
}

/* With another secret, or other selectors, a record is not for us. */
/* The first quick mode after the marked moment. */
struct taken {
	uint8_t data[2048];
	size_t len;
	bool now;
};

static bool take_quick(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct taken *t = ctx;

	(void)s;
	if (from == 0 && data[18] == 32 && t->now && t->len == 0 && d->len <= sizeof(t->data)) {
		memcpy(t->data, data, d->len);
		t->len = d->len;
	}
	return true;
}

/* IKEv1 has no order of message ids: all must be known for as long as the IKE SA lives. */
static void old_message_ids_stay_used(void **state)
{
	static struct ids ids;
	struct taken t = {.len = 0};
	uint64_t replayed, answered;
	struct sim s;

	(void)state;
	init(&s, 60, IKE_MODE_MAIN, &ids);
	s.net.hook = take_quick;
	s.net.hook_ctx = &t;
	s.node[0].esp_every = s.node[1].esp_every = 3600 * SIM_SEC;
	run(&s, 3000);
	t.now = true;
	for (unsigned i = 0; i < 400; i++) {
		(void)sim_rekey(&s, 0, false);
		run(&s, 1500);
	}
	run(&s, 20000);
	assert_true(sim_agreed(&s, 0));
	assert_true(sim_counters(&s, 0)->quick_started > 300);
	assert_int_equal(sim_kill(&s, 1), 1);
	replayed = sim_counters(&s, 1)->rx_replayed + sim_counters(&s, 1)->rx_repeat;
	answered = sim_counters(&s, 1)->quick_answered;
	sim_inject(&s, 1, t.data, t.len, false);
	assert_int_equal(sim_counters(&s, 1)->rx_replayed + sim_counters(&s, 1)->rx_repeat,
			 replayed + 1);
	assert_int_equal(sim_counters(&s, 1)->quick_answered, answered);
	sim_fini(&s);
}

static void another_configuration_begins_anew(void **state)
{
	static struct ids ids;
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		init(&s, 50 + i, modes[i], &ids);
		run(&s, 3000);
		for (int k = 0; k < 2; k++) {
			s.node[k].psk[0] ^= 1;
			assert_int_equal(sim_kill(&s, k), 0);
		}
		run(&s, 120000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* A pair that the data plane lost meanwhile is made anew; the peer does not keep sending on it. */
static void a_lost_pair_is_replaced(void **state)
{
	static struct ids ids;
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		init(&s, 60 + i, modes[i], &ids);
		run(&s, 3000);
		for (int k = 0; k < SIM_PAIRS; k++)
			s.node[0].pairs[k].confirmed = false;
		assert_int_equal(sim_kill(&s, 0), 1);
		run(&s, 60000);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

/* Informational messages that a node sent. */
struct heard {
	struct ids ids;
	int from;
	unsigned n;
	struct {
		uint8_t data[256];
		size_t len;
	} msg[32];
};

static bool listen(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct heard *h = ctx;

	(void)s;
	if (from != h->from || d->len > sizeof(h->msg[0].data) || data[18] != 5 || h->n == 32)
		return true;
	memcpy(h->msg[h->n].data, data, d->len);
	h->msg[h->n++].len = d->len;
	return true;
}

/* DPD of IKEv1 is guarded by its numbers alone: what we asked, sent back to us, and what the peer
 * asked before, sent again, count as little after a restart as before it. */
static void old_probes_stay_old(void **state)
{
	static struct heard h;

	(void)state;
	for (int from = 0; from < 2; from++) {
		struct sim s;

		init(&s, 70 + (uint64_t)from, IKE_MODE_MAIN, &h.ids);
		h.from = from;
		h.n = 0;
		s.net.hook = listen;
		s.net.hook_ctx = &h;
		s.node[0].esp_every = s.node[1].esp_every = 3600 * SIM_SEC;
		s.node[from].conf.profile.dpd_interval = 8;
		s.node[1 - from].conf.profile.dpd_interval = 0;
		assert_int_equal(sim_configure(&s, 0) | sim_configure(&s, 1), 0);
		run(&s, 100000);
		assert_true(h.n > 5);
		assert_int_equal(sim_kill(&s, 0), 1);
		for (unsigned i = 0; i + 1 < h.n; i++) /* the latest may be asked again */
			sim_inject(&s, 0, h.msg[i].data, h.msg[i].len, false);
		assert_int_equal(sim_counters(&s, 0)->dpd_received, 0);
		assert_int_equal(sim_counters(&s, 0)->rx_replayed, h.n - 1);
		run(&s, 60000);
		assert_int_equal(sim_counters(&s, 0)->dpd_dead + sim_counters(&s, 1)->dpd_dead, 0);
		sim_fini(&s);
	}
}

/* IKEv1: the peer has a pair whose last message we were not there for, and takes the old one away
 * before it is made anew. It does not know, so it is ours to begin although we are passive. */
struct third {
	unsigned sent;
	bool lost;
};

static bool lose_third(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct third *t = ctx;

	(void)s;
	(void)d;
	if (from != 0 || data[18] != 32 || ++t->sent != 2)
		return true;
	t->lost = true;
	return false;
}

static void a_pair_that_only_the_peer_has_is_made_up_for(void **state)
{
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct third third = {.sent = 0};
		static struct ids ids;
		struct sim s;

		(void)state;
		init(&s, 900 + seed, IKE_MODE_MAIN, &ids);
		run(&s, 20000);
		s.net.hook = lose_third;
		s.net.hook_ctx = &third;
		(void)sim_rekey(&s, 0, false);
		while (!third.lost)
			run(&s, 1);
		assert_int_equal(sim_kill(&s, 1), 1);
		run(&s, 60000);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* The ring of events was full when the peer moved: what could not be told is told again. */
static void a_move_that_could_not_be_told_is_followed(void **state)
{
	for (unsigned m = 0; m < 2; m++) {
		static struct ids ids;
		struct sim_pair *p;
		struct sim s;

		(void)state;
		init(&s, 950, modes[m], &ids);
		s.node[0].nat = sim_addr("203.0.113.9");
		s.node[1].conf.remote = s.node[0].nat;
		assert_int_equal(sim_configure(&s, 1), 0);
		run(&s, 20000);
		p = (struct sim_pair *)sim_current(&s, 1, 0);
		assert_non_null(p);
		p->told_port = 25500;
		s.node[0].nat_ports = 21000;
		run(&s, 2000);
		assert_int_equal(sim_counters(&s, 1)->roam_moved, 0);
		ike_engine_resync(s.node[1].engine, s.now);
		s.node[1].due = s.now;
		run(&s, 4000);
		assert_int_equal(sim_counters(&s, 1)->roam_moved, 1);
		assert_int_equal(sim_current(&s, 1, 0)->sa.remote_port, 25500);
		sim_fini(&s);
	}
}

/* More policies than fit into a small record; each goes on. */
static void many_pairs_go_on(void **state)
{
	static struct ike_child_conf many[2][24];
	static struct ids ids;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		uint64_t lost;
		struct sim s;

		init(&s, 30 + v, modes[v], &ids);
		for (int i = 0; i < 2; i++) {
			for (unsigned k = 0; k < 24; k++) {
				struct ike_child_conf *c = &many[i][k];

				*c = s.node[i].children[0];
				c->policy_id = SIM_POLICY(k);
				(i == 0 ? &c->local : &c->remote)->lo[1] = (uint8_t)k;
				(i == 0 ? &c->local : &c->remote)->hi[1] = (uint8_t)k;
			}
			s.node[i].conf.children = many[i];
			s.node[i].conf.n_children = 24;
			s.node[i].esp_every = 100 * SIM_MS;
		}
		sim_configure(&s, 0);
		sim_configure(&s, 1);
		run(&s, 30000);
		assert_int_equal(sim_installed(&s, 1), 24);
		lost = s.node[0].esp_lost + s.node[1].esp_lost;
		assert_int_equal(sim_kill(&s, 1), 1);
		assert_int_equal(sim_installed(&s, 1), 24);
		run(&s, 60000);
		for (unsigned k = 0; k < 24; k++)
			assert_true(sim_working(&s, k));
		assert_int_equal(s.node[0].esp_lost + s.node[1].esp_lost, lost);
		assert_false(sim_logged(&s, 1, "CHILD_SAs on one IKE_SA"));
		sim_fini(&s);
	}
}

/* An SA that cannot be made again leaves nothing behind, and what can be begins anew. */
static void what_cannot_be_restored_begins_anew(void **state)
{
	static struct ids ids;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		uint8_t copy[8192];
		size_t len;
		struct sim s;

		init(&s, 34 + v, modes[v], &ids);
		run(&s, 3000);
		len = s.node[1].record_len[0];
		assert_true(len > 0 && len <= sizeof(copy));
		memcpy(copy, s.node[1].record[0], len);
		/* Its SPIs are in use: by itself, restored before. */
		assert_int_equal(ike_engine_restore(s.node[1].engine, copy, len, 7, s.now),
				 -ENOMEM);
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
		assert_true(sim_agreed(&s, 0));
		s.node[1].fails_restore = true;
		assert_int_equal(sim_kill(&s, 1), 0);
		assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
		assert_int_equal(sim_installed(&s, 1), 0);
		run(&s, 90000);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
	}
}

/* A record has its bounds; what is beyond is said. */
static void what_a_record_has_no_room_for_is_said(void **state)
{
	static struct child_sa *extra[RECORD_PAIRS + 3];
	static struct record r;
	static struct ids ids;
	struct ike_engine *e;
	struct ike_sa *sa;
	struct sim s;

	(void)state;
	init(&s, 33, IKE_MODE_IKE2, &ids);
	run(&s, 3000);
	e = s.node[1].engine;
	sa = TAILQ_FIRST(&TAILQ_FIRST(&e->peers.list)->sas);
	for (unsigned i = 0; i < RECORD_PAIRS + 3; i++) {
		extra[i] = child_new(e, &sa->peer->policies[0], false, s.now);
		assert_non_null(extra[i]);
		extra[i]->state = CHILD_DELETING; /* nothing that a data plane holds */
		extra[i]->spi_in = 0x1000 + i;
		extra[i]->owner = sa;
		if (i + 2 == RECORD_PAIRS) { /* with the real one just enough */
			record_save(e, sa);
			assert_false(sim_logged(&s, 1, "CHILD_SAs on one IKE_SA"));
		}
	}
	record_save(e, sa);
	assert_true(sim_logged(&s, 1, "more than 256 CHILD_SAs on one IKE_SA"));
	assert_int_equal(record_decode(&r, s.node[1].record[0], s.node[1].record_len[0]), 0);
	assert_int_equal(r.n_pairs, RECORD_PAIRS);
	record_wipe(&r);
	for (unsigned i = 0; i < RECORD_PAIRS + 3; i++)
		child_remove(e, extra[i], s.now);
	sim_fini(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_that_could_not_be_told_is_followed),
		cmocka_unit_test(a_pair_that_only_the_peer_has_is_made_up_for),
		cmocka_unit_test(goes_on_with_the_same_sas),
		cmocka_unit_test(esp_proves_life_after_a_restart),
		cmocka_unit_test(any_moment_ends_well),
		cmocka_unit_test(another_configuration_begins_anew),
		cmocka_unit_test(a_lost_pair_is_replaced),
		cmocka_unit_test(old_probes_stay_old),
		cmocka_unit_test(old_message_ids_stay_used),
		cmocka_unit_test(many_pairs_go_on),
		cmocka_unit_test(what_cannot_be_restored_begins_anew),
		cmocka_unit_test(what_a_record_has_no_room_for_is_said),
	};

	n_seeds = (unsigned)sim_count(argc, argv, 1, n_seeds);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
