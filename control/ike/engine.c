/* SPDX-License-Identifier: BSD-3-Clause */
/* engine.c - the engine's interface: life, peers, events of the data plane, operators; see
 * engine.h. */
#include "control/ike/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/generate.h"
#include "control/ike/ike_sa.h"
#include "control/ike/party.h"
#include "control/ike/probe.h"
#include "control/ike/probe_child.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

#define START_SPREAD_NS (1 * TIMERS_MS)	  /* between the first messages to many peers */
#define AGAIN_NS	(100 * TIMERS_MS) /* after an operator ended SAs */
#define ACQUIRE_WAIT_S	5u		  /* traffic shortens a back-off to this */
#define ACQUIRE_KEEP_S                                                                             \
	30u /* on demand: goes on trying after the last packet, for so long it is held */

int state_random(struct ike_engine *e, void *buf, size_t len)
{
	return e->ops.random(e->ctx, buf, len);
}

uint64_t state_random_below(struct ike_engine *e, uint64_t n)
{
	uint64_t v;

	return state_random(e, &v, sizeof(v)) == 0 ? v % n : 0;
}

struct ike_engine *ike_engine_new(const struct ike_ops *ops, void *ctx)
{
	struct ike_engine *e = calloc(1, sizeof(*e));
	uint64_t seeds[5];
	int r = -ENOMEM;

	if (e == NULL)
		goto fail;
	e->ops = *ops;
	TAILQ_INIT(&e->unseen);
	TAILQ_INIT(&e->dhwork);
	TAILQ_INIT(&e->probes);
	e->ctx = ctx;
	r = state_random(e, seeds, sizeof(seeds));
	if (r == 0)
		r = peers_init(&e->peers, seeds[0]);
	if (r == 0)
		r = guard_init(&e->guard, seeds[1]);
	if (r == 0)
		r = table_init(&e->sas, seeds[2]);
	if (r == 0)
		r = table_init(&e->sas_first, seeds[3]);
	if (r == 0)
		r = table_init(&e->pairs, seeds[4]);
	if (r == 0)
		return e;
	table_fini(&e->pairs);
	table_fini(&e->sas_first);
	table_fini(&e->sas);
	guard_fini(&e->guard);
	peers_fini(&e->peers);
	free(e);
fail:
	errno = -r;
	return NULL;
}

/* Everything a peer has; tell: with DELETE payloads. */
static void end_sas(struct ike_engine *e, struct ike_peer *peer, bool tell, uint64_t now)
{
	struct child_sa *c;
	struct ike_sa *sa;

	for (size_t i = 0; i < peer->n_policies; i++) {
		while ((c = TAILQ_FIRST(&peer->policies[i].pairs)) != NULL) {
			/* Others must not take over from the first ones. */
			c->current = false;
			if (tell && !peer->v->owns_children && c->state == CHILD_ESTABLISHED)
				peer->v->child_delete(e, peer, c->owner, c->spi_in, now);
			child_remove(e, c, now);
		}
	}
	while ((sa = TAILQ_FIRST(&peer->sas)) != NULL) {
		if (tell && ike_sa_up(sa))
			peer->v->delete_ike_sa(e, sa, now);
		ike_sa_free(e, sa, now);
	}
}

static void drop_peer(struct ike_engine *e, struct ike_peer *peer, bool tell, uint64_t now)
{
	end_sas(e, peer, tell, now);
	timers_cancel(&e->timers, &peer->start);
	if (peer->dh_waits)
		dhwork_forget(e, peer);
	for (size_t i = 0; i < peer->n_policies; i++) {
		(void)generate_end(e, &peer->policies[i], now);
		timers_cancel(&e->timers, &peer->policies[i].ensure);
		if (peer->policies[i].dh_waits)
			dhwork_forget(e, &peer->policies[i]);
	}
	probe_free(e, peer);
	probe_child_free(e, peer);
	peers_remove(&e->peers, peer);
	peers_free(peer);
}

void ike_engine_free(struct ike_engine *e)
{
	struct ike_peer *peer;

	if (e == NULL)
		return;
	e->ending = true;
	while ((peer = TAILQ_FIRST(&e->peers.list)) != NULL)
		drop_peer(e, peer, false, e->now);
	dhwork_fini(e);
	table_fini(&e->pairs);
	table_fini(&e->sas_first);
	table_fini(&e->sas);
	guard_fini(&e->guard);
	peers_fini(&e->peers);
	free(e);
}

/* Copies of the peers that are new or changed; NULL for those that stay. */
static int copy_changed(struct ike_engine *e, const struct ike_peer_conf *confs, size_t n,
			struct ike_peer **fresh)
{
	for (size_t i = 0; i < n; i++) {
		struct ike_peer *old = peers_find_name(&e->peers, confs[i].name);

		if (old != NULL && peers_same(old, &confs[i])) {
			old->keep = true;
			old->conf.suppress_initial_contact |= confs[i].suppress_initial_contact;
			continue;
		}
		if (old != NULL && peers_same_elsewhere(old, &confs[i])) {
			old->keep = true;
			old->moves = &confs[i];
			continue;
		}
		fresh[i] = peers_new(&confs[i], party_start, child_ensure);
		if (fresh[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void replace(struct ike_engine *e, struct ike_peer **fresh, size_t n, uint64_t now)
{
	struct ike_peer *peer, *next;
	uint64_t due = now;

	for (peer = TAILQ_FIRST(&e->peers.list); peer != NULL; peer = next) {
		next = TAILQ_NEXT(peer, next);
		if (!peer->keep)
			drop_peer(e, peer, true, now);
	}
	TAILQ_FOREACH (peer, &e->peers.list, next) {
		if (peer->moves == NULL)
			continue;
		peers_move(&e->peers, peer, peer->moves);
		peer->moves = NULL;
		party_moved(e, peer, due);
		due += START_SPREAD_NS;
	}
	for (size_t i = 0; i < n; i++) {
		if (fresh[i] == NULL)
			continue;
		peers_add(&e->peers, fresh[i]);
		party_connect_in(e, fresh[i], due);
		due += START_SPREAD_NS;
	}
}

int ike_engine_set_peers(struct ike_engine *e, const struct ike_peer_conf *peers, size_t n,
			 uint64_t now)
{
	struct ike_peer *peer, **fresh;
	size_t bad;
	int r = peers_check(peers, n, &bad);

	e->now = now;
	if (r == -EPROTONOSUPPORT)
		refuse_log(e, IKE_LOG_ERROR, NULL, NULL, 0,
			   "peer %.*s: exchange mode is none of main, aggressive and ike2",
			   IKE_CONF_NAME, peers[bad].name);
	else if (r == -EEXIST)
		refuse_log(e, IKE_LOG_ERROR, NULL, NULL, 0,
			   "peer %.*s: another one has its name, its address or a policy of it",
			   IKE_CONF_NAME, peers[bad].name);
	else if (r == -EINVAL)
		refuse_log(e, IKE_LOG_ERROR, NULL, NULL, 0,
			   "peer %.*s: a value is out of its domain", IKE_CONF_NAME,
			   peers[bad].name);
	if (r != 0)
		return r;
	fresh = calloc(n + 1, sizeof(fresh[0]));
	if (fresh == NULL)
		return -ENOMEM;
	TAILQ_FOREACH (peer, &e->peers.list, next) {
		peer->keep = false;
		peer->moves = NULL;
	}
	r = copy_changed(e, peers, n, fresh);
	if (r == 0) {
		replace(e, fresh, n, now);
	} else {
		for (size_t i = 0; i < n; i++) {
			if (fresh[i] != NULL)
				peers_free(fresh[i]);
		}
	}
	free(fresh);
	return r;
}

uint64_t ike_engine_tick(struct ike_engine *e, uint64_t now)
{
	struct timer *t;

	e->now = now;
	while ((t = timers_pop(&e->timers, now)) != NULL)
		t->fn(e, t, now);
	return timers_next(&e->timers);
}

void ike_engine_child_result(struct ike_engine *e, uint64_t token, int status, uint64_t now)
{
	struct child_sa *c = child_find_token(e, token);

	e->now = now;
	if (c == NULL || c->state != CHILD_INSTALLING)
		return;
	c->held = status == 0;
	c->policy->peer->v->child_result(e, c, status, now);
}

void ike_engine_child_expired(struct ike_engine *e, uint64_t token, bool hard, uint8_t limit,
			      uint64_t now)
{
	struct child_sa *c = child_find_token(e, token);

	e->now = now;
	if (c == NULL)
		return;
	if (hard) {
		child_ensure_in(e, c->policy, now + AGAIN_NS); /* it may be one in the making */
		child_delete_now(e, c, now);
	} else if (limit == ABI_LIMIT_BYTES || limit == ABI_LIMIT_PACKETS)
		child_rekey_volume(e, c, now);
	else if (limit != ABI_LIMIT_TIME && now < c->soft_time)
		child_rekey(e, c, now); /* time is ours to watch, with jitter */
}

void ike_engine_child_first_traffic(struct ike_engine *e, uint64_t token, uint64_t now)
{
	struct child_sa *c = child_find_token(e, token);

	e->now = now;
	if (c != NULL)
		child_first_traffic(e, c, now);
}

void ike_engine_child_moved(struct ike_engine *e, uint64_t token, const struct abi_addr *remote,
			    uint16_t remote_port, uint64_t now)
{
	struct child_sa *c = child_find_token(e, token);

	e->now = now;
	if (c != NULL && c->owner != NULL)
		roam_heard_esp(e, c, remote, remote_port, now);
}

void ike_engine_resync(struct ike_engine *e, uint64_t now)
{
	struct ike_peer *peer;
	struct ike_sa *sa;

	e->now = now;
	TAILQ_FOREACH (peer, &e->peers.list, next) {
		TAILQ_FOREACH (sa, &peer->sas, of_peer)
			roam_resync(e, sa, now);
	}
}

void ike_engine_acquire(struct ike_engine *e, uint32_t policy_id, uint64_t now)
{
	struct ike_policy *policy = peers_find_policy(&e->peers, policy_id);
	struct ike_peer *peer;
	uint64_t due;

	e->now = now;
	if (policy == NULL || policy->peer->conf.passive || child_current(policy) != NULL)
		return;
	peer = policy->peer;
	policy->wanted = now + ACQUIRE_KEEP_S * TIMERS_SEC;
	due = now + (peer->failures > 0 ? ACQUIRE_WAIT_S * TIMERS_SEC : 0);
	if (peer->start.armed && peer->start.due > due)
		timers_arm(&e->timers, &peer->start, due);
	else if (ike_sa_best(peer) == NULL)
		party_connect_in(e, peer, due);
	child_ensure_in(e, policy, now + (policy->failures > 0 ? ACQUIRE_WAIT_S * TIMERS_SEC : 0));
}

static void terminate(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	end_sas(e, peer, true, now);
	timers_cancel(&e->timers, &peer->start);
	peer->failures = 0;
	party_connect_in(e, peer, now + AGAIN_NS);
}

void ike_engine_terminate(struct ike_engine *e, const char *name, uint64_t now)
{
	struct ike_peer *peer;

	e->now = now;
	TAILQ_FOREACH (peer, &e->peers.list, next) {
		if (name == NULL || strncmp(peer->conf.name, name, IKE_CONF_NAME) == 0)
			terminate(e, peer, now);
	}
}

static void flush(struct ike_engine *e, struct ike_policy *policy, uint64_t now)
{
	struct child_sa *c, *next;

	TAILQ_FOREACH (c, &policy->pairs, of_policy)
		c->current = false; /* none takes over from another */
	for (c = TAILQ_FIRST(&policy->pairs); c != NULL; c = next) {
		next = TAILQ_NEXT(c, of_policy);
		child_delete_now(e, c, now);
	}
}

void ike_engine_flush_children(struct ike_engine *e, uint64_t now)
{
	struct ike_peer *peer;

	e->now = now;
	TAILQ_FOREACH (peer, &e->peers.list, next) {
		for (size_t i = 0; i < peer->n_policies; i++)
			flush(e, &peer->policies[i], now);
		child_ensure_all(e, peer, now + AGAIN_NS);
	}
}

int ike_engine_rekey(struct ike_engine *e, const char *name, bool ike_sa, uint64_t now)
{
	struct ike_peer *peer = peers_find_name(&e->peers, name);
	struct ike_sa *best = peer != NULL ? ike_sa_best(peer) : NULL;
	struct child_sa *c;
	int r = -ENOENT;

	e->now = now;
	if (best == NULL)
		return -ENOENT;
	if (ike_sa) {
		if (peer->v->owns_children) { /* a new one comes out of the old one */
			peer->v->rekey(e, best, now);
			return 0;
		}
		if (!peers_can_start(peer))
			return -ENOENT;
		if (peer->attempt == NULL)
			peer->v->begin(e, peer, now);
		return 0;
	}
	for (size_t i = 0; i < peer->n_policies; i++) {
		c = child_current(&peer->policies[i]);
		if (c == NULL)
			continue;
		child_rekey(e, c, now);
		r = 0;
	}
	return r;
}
