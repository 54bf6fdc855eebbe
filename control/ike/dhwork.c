/* SPDX-License-Identifier: BSD-3-Clause */
/* dhwork.c - Diffie-Hellman that is done elsewhere; see dhwork.h. */
#include "control/ike/dhwork.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/dh_job.h"
#include "control/crypto/suite.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"

struct aside { /* a datagram, as it came */
	STAILQ_ENTRY(aside) next;
	struct ike_datagram d;
	uint8_t data[];
};

struct dhwork_item {
	struct dh_job job; /* first: the job is how others know it */
	TAILQ_ENTRY(dhwork_item) of_engine, of_sa;
	struct ike_sa *sa;
	STAILQ_HEAD(asides, aside) asides;
	unsigned n_asides;
	bool *waits;
	dhwork_fn *fn;
	void *who;
};

static bool elsewhere(const struct ike_engine *e, uint16_t group)
{
	return e->ops.dh_submit != NULL &&
	       (e->ops.dh_wanted == NULL || e->ops.dh_wanted(e->ctx, group));
}

static int draw_seed(struct ike_engine *e, uint16_t group, uint8_t *seed, size_t *len)
{
	const struct suite_group *g = suite_group_find(group);

	if (g == NULL)
		return -ENOTSUP;
	*len = g->seed_len;
	return state_random(e, seed, g->seed_len);
}

/* The pair that was made for what comes again, when it is of this group. */
static struct dh *made(const struct ike_engine *e, uint16_t group)
{
	struct dh *dh = e->again != NULL ? e->again->job.dh : NULL;

	return dh != NULL && e->again->job.kind != DH_JOB_DERIVE && dh_group(dh) == group ? dh
											  : NULL;
}

int dhwork_new(struct ike_engine *e, uint16_t group, struct dh **dh)
{
	struct dh *fresh = made(e, group);
	uint8_t seed[DH_MAX_SEED];
	size_t len;
	int r = 0;

	if (fresh != NULL) {
		e->again->job.dh = NULL; /* once */
	} else {
		r = draw_seed(e, group, seed, &len);
		if (r != 0)
			return r;
		fresh = dh_new(group, seed, len);
		r = fresh == NULL ? -errno : 0;
		OPENSSL_cleanse(seed, sizeof(seed));
	}
	if (r != 0)
		return r;
	dh_free(*dh);
	*dh = fresh;
	return 0;
}

bool dhwork_again(const struct ike_engine *e)
{
	return e->again != NULL;
}

/* What a job takes of the room for strangers: large MODP groups are slow, by the square of their
 * size. Peers that proved their key pay by the job. */
static unsigned weight(bool urgent, uint16_t group)
{
	const struct suite_group *g = suite_group_find(group);
	unsigned n = g != NULL && g->kind == SUITE_GROUP_MODP ? g->public_len / 256u : 0;

	return urgent || n < 2 ? 1 : n * n;
}

static unsigned *gauge(struct ike_engine *e, bool urgent)
{
	return urgent ? &e->n_dh_peers : &e->n_dh_strangers;
}

static void drop_asides(struct ike_engine *e, struct dhwork_item *it)
{
	struct aside *a;

	while ((a = STAILQ_FIRST(&it->asides)) != NULL) {
		STAILQ_REMOVE_HEAD(&it->asides, next);
		free(a);
		e->counters.rx++;
		e->counters.rx_unknown_sa++;
	}
	it->n_asides = 0;
}

static void item_free(struct ike_engine *e, struct dhwork_item *it)
{
	drop_asides(e, it);
	if (it->sa != NULL)
		TAILQ_REMOVE(&it->sa->dhwork, it, of_sa);
	TAILQ_REMOVE(&e->dhwork, it, of_engine);
	*gauge(e, it->job.urgent) -= weight(it->job.urgent, it->job.group);
	dh_job_wipe(&it->job);
	free(it);
}

/* In the tables, not yet submitted. NULL: too many, or no memory. */
static struct dhwork_item *item_new(struct ike_engine *e, struct ike_sa *sa, bool urgent,
				    enum dh_job_kind kind, uint16_t group)
{
	unsigned *n = gauge(e, urgent), more = weight(urgent, group);
	struct dhwork_item *it;

	if (*n + more > (urgent ? DHWORK_PEERS : DHWORK_STRANGERS))
		return NULL;
	it = calloc(1, sizeof(*it));
	if (it == NULL)
		return NULL;
	it->job.kind = kind;
	it->job.urgent = urgent;
	it->job.group = group;
	it->sa = sa;
	STAILQ_INIT(&it->asides);
	if (sa != NULL)
		TAILQ_INSERT_TAIL(&sa->dhwork, it, of_sa);
	TAILQ_INSERT_TAIL(&e->dhwork, it, of_engine);
	*n += more;
	return it;
}

static int put_aside(struct dhwork_item *it, const struct ike_datagram *d)
{
	struct aside *a = malloc(sizeof(*a) + d->len);

	if (a == NULL)
		return -ENOMEM;
	a->d = *d;
	memcpy(a->data, d->data, d->len);
	a->d.data = a->data;
	STAILQ_INSERT_TAIL(&it->asides, a, next);
	it->n_asides++;
	return 0;
}

static int submit(struct ike_engine *e, struct dhwork_item *it)
{
	int r = 0;

	if (it->job.kind != DH_JOB_DERIVE)
		r = draw_seed(e, it->job.group, it->job.seed, &it->job.seed_len);
	if (r == 0)
		r = e->ops.dh_submit(e->ctx, &it->job);
	if (r == 0)
		e->counters.dh_jobs++;
	return r;
}

static enum ike_rx busy(struct ike_engine *e)
{
	e->counters.dh_busy++;
	return IKE_RX_limited;
}

static bool holds(const struct dhwork_item *it, const struct ike_datagram *d)
{
	const struct aside *a;

	STAILQ_FOREACH(a, &it->asides, next)
	{
		if (a->d.len == d->len && memcmp(a->data, d->data, d->len) == 0)
			return true;
	}
	return false;
}

/* A message for an SA that waits already: another piece of the same, or once more the same. */
static enum ike_rx join(struct ike_engine *e, struct dhwork_item *it, const struct ike_datagram *d,
			bool same)
{
	if (holds(it, d))
		return IKE_RX_repeat;
	if (!same || it->n_asides >= DHWORK_ASIDE)
		return busy(e);
	return put_aside(it, d) == 0 ? IKE_RX_ASIDE : IKE_RX_internal;
}

static struct dhwork_item *pending(const struct ike_sa *sa, enum dh_job_kind kind,
				   const struct dh *dh)
{
	struct dhwork_item *it;

	if (sa == NULL)
		return NULL;
	TAILQ_FOREACH (it, &sa->dhwork, of_sa) {
		if (it->job.kind == kind && (dh == NULL || it->job.dh == dh))
			return it;
	}
	return NULL;
}

/* The one way in: d waits for a job. dh: its pair, for DERIVE. */
static enum ike_rx lay_aside(struct ike_engine *e, struct ike_sa *sa, enum dh_job_kind kind,
			     struct dh *dh, uint16_t group, const uint8_t *peer, size_t peer_len,
			     const struct ike_datagram *d)
{
	struct dhwork_item *it = pending(sa, kind, dh);

	if (it != NULL)
		return join(e, it, d,
			    kind == DH_JOB_DERIVE && it->job.peer_len == peer_len &&
				    memcmp(it->job.peer, peer, peer_len) == 0);
	it = item_new(e, sa, sa != NULL && ike_sa_up(sa), kind, group);
	if (it == NULL)
		return busy(e);
	if (dh != NULL)
		it->job.dh = dh_hold(dh);
	if (peer_len != 0)
		memcpy(it->job.peer, peer, peer_len);
	it->job.peer_len = peer_len;
	if (put_aside(it, d) != 0 || submit(e, it) != 0) {
		free(STAILQ_FIRST(&it->asides)); /* counted by the caller */
		STAILQ_INIT(&it->asides);
		item_free(e, it);
		return busy(e);
	}
	return IKE_RX_ASIDE;
}

bool dhwork_pair(struct ike_engine *e, struct ike_sa *sa, uint16_t group,
		 const struct ike_datagram *d, enum ike_rx *rx)
{
	if (!elsewhere(e, group) || made(e, group) != NULL)
		return false;
	*rx = lay_aside(e, sa, DH_JOB_NEW, NULL, group, NULL, 0, d);
	return true;
}

bool dhwork_derive(struct ike_engine *e, struct ike_sa *sa, struct dh *dh, const uint8_t *peer,
		   size_t peer_len, const struct ike_datagram *d, enum ike_rx *rx)
{
	if (dh == NULL || !elsewhere(e, dh_group(dh)) || dh_remembers(dh, peer, peer_len) ||
	    dh_check_public(dh_group(dh), peer, peer_len) != 0) /* let the caller refuse it */
		return false;
	*rx = lay_aside(e, sa, DH_JOB_DERIVE, dh, dh_group(dh), peer, peer_len, d);
	return true;
}

bool dhwork_agree(struct ike_engine *e, struct ike_sa *sa, uint16_t group, const uint8_t *peer,
		  size_t peer_len, const struct ike_datagram *d, enum ike_rx *rx)
{
	struct dh *dh = made(e, group);

	if (!elsewhere(e, group) || (dh != NULL && dh_remembers(dh, peer, peer_len)) ||
	    dh_check_public(group, peer, peer_len) != 0)
		return false;
	*rx = lay_aside(e, sa, DH_JOB_AGREE, NULL, group, peer, peer_len, d);
	return true;
}

int dhwork_wait(struct ike_engine *e, uint16_t group, bool *waits, dhwork_fn *fn, void *who)
{
	struct dhwork_item *it;

	if (*waits)
		return -EINPROGRESS;
	if (!elsewhere(e, group) || made(e, group) != NULL)
		return 0;
	it = item_new(e, NULL, true, DH_JOB_NEW, group);
	if (it == NULL || submit(e, it) != 0) {
		if (it != NULL)
			item_free(e, it);
		e->counters.dh_busy++;
		return -EBUSY;
	}
	it->fn = fn;
	it->who = who;
	it->waits = waits;
	*waits = true;
	return -EINPROGRESS;
}

void dhwork_forget(struct ike_engine *e, const void *who)
{
	struct dhwork_item *it;

	TAILQ_FOREACH (it, &e->dhwork, of_engine) {
		if (it->who == who) {
			it->who = NULL;
			it->fn = NULL;
		}
	}
}

void dhwork_sa_gone(struct ike_engine *e, struct ike_sa *sa)
{
	struct dhwork_item *it;

	while ((it = TAILQ_FIRST(&sa->dhwork)) != NULL) {
		drop_asides(e, it);
		TAILQ_REMOVE(&sa->dhwork, it, of_sa);
		it->sa = NULL;
	}
}

void ike_engine_dh_done(struct ike_engine *e, struct dh_job *job, uint64_t now)
{
	struct dhwork_item *it = (struct dhwork_item *)job;
	struct asides asides = STAILQ_HEAD_INITIALIZER(asides);
	struct aside *a;

	dh_job_finish(job);
	STAILQ_CONCAT(&asides, &it->asides);
	it->n_asides = 0;
	if (it->sa != NULL) /* its own again, so that what comes again may wait for more */
		TAILQ_REMOVE(&it->sa->dhwork, it, of_sa);
	it->sa = NULL;
	e->again = it;
	e->now = now;
	if (it->fn != NULL) {
		*it->waits = false;
		it->fn(e, it->who, now);
	}
	while ((a = STAILQ_FIRST(&asides)) != NULL) {
		STAILQ_REMOVE_HEAD(&asides, next);
		ike_engine_input(e, &a->d, now);
		free(a);
	}
	e->again = NULL;
	item_free(e, it);
}

void dhwork_fini(struct ike_engine *e)
{
	struct dhwork_item *it;

	while ((it = TAILQ_FIRST(&e->dhwork)) != NULL)
		item_free(e, it);
}
