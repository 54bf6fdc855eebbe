/* SPDX-License-Identifier: BSD-3-Clause */
/* contactkit.c - a responder that loses what it has; see contactkit.h. */
#include "tests/sim/contactkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/peers.h"
#include "control/ike/state.h"

void contact_run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

void contact_init(struct sim *s, uint64_t seed, enum ike_exchange_mode mode)
{
	sim_init(s, seed);
	s->node[B].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = mode;
		s->node[i].esp_every = 500 * SIM_MS;
	}
}

void contact_forget(struct sim *s, const char *peer)
{
	s->net.loss_pct = 100;
	ike_engine_terminate(s->node[B].engine, peer, s->now);
	s->node[B].due = s->now;
	contact_run(s, 500);
	s->net.loss_pct = 0;
}

void contact_anew(struct sim *s)
{
	assert_int_equal(ike_engine_rekey(s->node[A].engine, "peer1", true, s->now), 0);
	s->node[A].due = s->now;
}

void contact_end_ike_sas(struct sim *s, int i, const char *peer)
{
	struct ike_engine *e = s->node[i].engine;
	struct ike_peer *p = peers_find_name(&e->peers, peer);

	while (!TAILQ_EMPTY(&p->sas))
		ike_sa_free(e, TAILQ_FIRST(&p->sas), s->now);
	s->node[i].due = s->now;
}

uint64_t contact_told(const struct sim *s)
{
	return sim_counters(s, A)->initial_contact;
}
