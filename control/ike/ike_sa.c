/* SPDX-License-Identifier: BSD-3-Clause */
/* ike_sa.c - IKE SAs: creation, look-up, sending, end; see ike_sa.h. */
#include "control/ike/ike_sa.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/ident.h"
#include "control/ike/lifetime.h"
#include "control/ike/record.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

struct first_key {
	uint64_t ispi;
	struct abi_addr remote;
	uint32_t pad;
};

static uint64_t first_hash(const struct ike_engine *e, uint64_t ispi, const struct abi_addr *remote)
{
	struct first_key k;

	memset(&k, 0, sizeof(k));
	k.ispi = ispi;
	k.remote.family = remote->family;
	memcpy(k.remote.bytes, remote->bytes, remote->family == 4 ? 4 : 16);
	return table_hash(&e->sas_first, &k, sizeof(k));
}

static uint64_t own_cookie(const struct ike_sa *sa)
{
	return sa->responder ? sa->rspi : sa->ispi;
}

static struct ike_sa *find_own(const struct ike_engine *e, uint64_t cookie)
{
	struct table_node *n;

	n = table_first(&e->sas, table_hash(&e->sas, &cookie, sizeof(cookie)));
	for (; n != NULL; n = table_next(n)) {
		struct ike_sa *sa = TABLE_ENTRY(n, struct ike_sa, by_cookie);

		if (own_cookie(sa) == cookie)
			return sa;
	}
	return NULL;
}

/* A cookie of ours: random, not zero (RFC 2408 section 2.5.3), not in use. */
static int new_cookie(struct ike_engine *e, uint64_t *cookie)
{
	for (int i = 0; i < 8; i++) {
		int r = state_random(e, cookie, sizeof(*cookie));

		if (r != 0)
			return r;
		if (*cookie != 0 && find_own(e, *cookie) == NULL)
			return 0;
	}
	return -EIO;
}

struct ike_sa *ike_sa_new(struct ike_engine *e, struct ike_peer *peer, bool responder,
			  const struct ike_endpoint *at, uint64_t ispi, uint64_t now)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	uint64_t own;
	int r;

	if (sa == NULL)
		return NULL;
	r = new_cookie(e, &own);
	sa->peer = peer;
	if (r == 0)
		r = peer->v->sa_init(sa);
	if (r != 0) {
		free(sa);
		errno = -r;
		return NULL;
	}
	sa->id = ++e->next_id;
	sa->responder = responder;
	sa->ispi = responder ? ispi : own;
	sa->rspi = responder ? own : 0;
	sa->at = *at;
	sa->first_remote = at->remote;
	sa->created = sa->placed = sa->last_seen = now;
	TAILQ_INIT(&sa->quicks);
	TAILQ_INIT(&sa->dhwork);
	exchange_init(&sa->x, sa, 0, peer->v->give_up);
	sa->x.silent = peer->v->silent;
	timers_init_one(&sa->life, lifetime_ike_sa);
	timers_init_one(&sa->dpd_timer, peer->v->dpd_tick);
	timers_init_one(&sa->keepalive, ike_sa_keepalive);
	table_insert(&e->sas, &sa->by_cookie, table_hash(&e->sas, &own, sizeof(own)));
	TAILQ_INSERT_HEAD(&peer->sas, sa, of_peer);
	return sa;
}

int ike_sa_take_spis(struct ike_engine *e, struct ike_sa *sa, uint64_t ispi, uint64_t rspi)
{
	uint64_t own = sa->responder ? rspi : ispi;

	if (find_own(e, own) != NULL)
		return -EEXIST;
	table_remove(&e->sas, &sa->by_cookie);
	sa->ispi = ispi;
	sa->rspi = rspi;
	table_insert(&e->sas, &sa->by_cookie, table_hash(&e->sas, &own, sizeof(own)));
	return 0;
}

void ike_sa_index_first(struct ike_engine *e, struct ike_sa *sa)
{
	sa->half_open = sa->unseen = true;
	TAILQ_INSERT_TAIL(&e->unseen, sa, of_unseen);
	table_insert(&e->sas_first, &sa->by_first, first_hash(e, sa->ispi, &sa->first_remote));
}

void ike_sa_seen(struct ike_engine *e, struct ike_sa *sa)
{
	if (sa->unseen)
		TAILQ_REMOVE(&e->unseen, sa, of_unseen);
	sa->unseen = false;
}

struct ike_sa *ike_sa_find_unseen(const struct ike_engine *e, const struct abi_addr *source)
{
	struct ike_sa *sa;

	TAILQ_FOREACH (sa, &e->unseen, of_unseen) {
		if (source == NULL || guard_same_source(&sa->first_remote, source))
			break;
	}
	return sa;
}

void ike_sa_proven(struct ike_engine *e, struct ike_sa *sa)
{
	ike_sa_seen(e, sa);
	if (!sa->half_open)
		return;
	sa->half_open = false;
	table_remove(&e->sas_first, &sa->by_first);
	guard_release(&e->guard, &sa->first_remote);
}

void ike_sa_rehome(struct ike_sa *sa, struct ike_peer *peer)
{
	TAILQ_REMOVE(&sa->peer->sas, sa, of_peer);
	TAILQ_INSERT_HEAD(&peer->sas, sa, of_peer);
	sa->peer = peer;
}

void ike_sa_drop_handshake(struct ike_sa *sa)
{
	sa->peer->v->drop_handshake(sa);
}

void ike_sa_free(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike_peer *peer = sa->peer;

	if (peer->attempt == sa)
		peer->attempt = NULL;
	sa->gone = true;
	record_forget(e, sa);
	dhwork_sa_gone(e, sa);
	peer->v->sa_free(e, sa, now);
	TAILQ_REMOVE(&peer->sas, sa, of_peer);
	child_disown(e, sa, now);
	ike_sa_proven(e, sa);
	table_remove(&e->sas, &sa->by_cookie);
	roam_free(e, sa);
	exchange_fini(e, &sa->x);
	timers_cancel(&e->timers, &sa->life);
	timers_cancel(&e->timers, &sa->dpd_timer);
	timers_cancel(&e->timers, &sa->keepalive);
	ike_sa_drop_handshake(sa);
	free(sa);
}

/* An initiator without a word from the responder. */
static bool awaits_first(const struct ike_sa *sa)
{
	return sa->state == SA_MSG1_SENT || sa->state == SA_AGGR1_SENT || sa->state == SA_INIT_SENT;
}

struct ike_sa *ike_sa_find(const struct ike_engine *e, uint64_t ispi, uint64_t rspi)
{
	struct ike_sa *sa = rspi != 0 ? find_own(e, rspi) : NULL;

	if (sa != NULL && sa->responder && sa->ispi == ispi)
		return sa;
	sa = find_own(e, ispi);
	if (sa == NULL || sa->responder)
		return NULL;
	if (sa->rspi == rspi || (sa->rspi == 0 && awaits_first(sa)))
		return sa;
	return NULL;
}

struct ike_sa *ike_sa_find_first(const struct ike_engine *e, uint64_t ispi,
				 const struct abi_addr *remote)
{
	struct table_node *n = table_first(&e->sas_first, first_hash(e, ispi, remote));

	for (; n != NULL; n = table_next(n)) {
		struct ike_sa *sa = TABLE_ENTRY(n, struct ike_sa, by_first);

		if (sa->ispi == ispi && peers_addr_equal(&sa->first_remote, remote))
			return sa;
	}
	return NULL;
}

bool ike_sa_up(const struct ike_sa *sa)
{
	return sa->state == SA_ESTABLISHED || sa->state == SA_REPLACED;
}

/* party: NULL, or one of the same identity. */
static struct ike_sa *find_best(const struct ike_peer *peer, const struct ike_sa *party)
{
	struct ike_sa *sa, *best = NULL;

	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		if (!ike_sa_up(sa) || sa->closing ||
		    (party != NULL && !ike_sa_same_party(sa, party)))
			continue;
		if (best == NULL || sa->state < best->state ||
		    (sa->state == best->state && sa->established > best->established))
			best = sa;
	}
	return best;
}

struct ike_sa *ike_sa_best(const struct ike_peer *peer)
{
	return find_best(peer, NULL);
}

struct ike_sa *ike_sa_best_of(const struct ike_sa *party)
{
	return find_best(party->peer, party);
}

bool ike_sa_same_party(const struct ike_sa *a, const struct ike_sa *b)
{
	return a->peer == b->peer && ident_equal(&a->id_remote, &b->id_remote);
}

/* How much of it is the first datagram. */
static size_t first_length(const uint8_t *msg, size_t len)
{
	size_t first;

	if (len < IKE_HDR_LEN)
		return len;
	first = (size_t)msg[24] << 24 | (size_t)msg[25] << 16 | (size_t)msg[26] << 8 | msg[27];
	return first >= IKE_HDR_LEN && first < len ? first : len;
}

void ike_sa_send_to(struct ike_engine *e, const struct ike_sa *sa, const struct ike_endpoint *at,
		    const uint8_t *msg, size_t len)
{
	struct ike_datagram d = {
		.src = at->local,
		.dst = at->remote,
		.src_port = at->local_port,
		.dst_port = at->remote_port,
		.marker = at->marker,
	};
	uint8_t *pieces = NULL;

	if (e->ending)
		return;
	/* Who has shown nothing but its own claim of an address gets little for what it sends, so
	 * nobody else can be flooded through us; all such answers are sent while their question is
	 * served. */
	if (sa->unseen && len > e->budget) {
		e->counters.tx_budget++;
		return;
	}
	if (sa->unseen)
		e->budget -= len;
	if (ike_sa_up(sa)) /* before, not after */
		record_save(e, (struct ike_sa *)sa);
	if (sa->fragments && sa->peer->v->cut(e, sa, msg, len, &pieces, &len) == 0)
		msg = pieces;
	for (; len > 0; msg += d.len, len -= d.len) {
		d.data = msg;
		d.len = first_length(msg, len);
		e->counters.tx++;
		e->ops.send(e->ctx, &d);
	}
	free(pieces);
}

void ike_sa_send(struct ike_engine *e, const struct ike_sa *sa, const uint8_t *msg, size_t len)
{
	ike_sa_send_to(e, sa, &sa->at, msg, len);
}

void ike_sa_my_id(const struct ike_sa *sa, struct ike_identity_conf *id)
{
	const struct ike_identity_conf *my = &sa->peer->conf.my_id;

	if (my->type == IKE_ID_AUTO || my->len == 0)
		(void)ident_from_addr(id, &sa->at.local);
	else
		*id = *my;
}

void ike_sa_tell_private(struct ike_engine *e, const struct ike_sa *sa)
{
	struct ike_peer *peer = sa->peer;
	struct ike_identity_conf id;
	char text[INET6_ADDRSTRLEN] = "?";

	if ((!peer->conf.my_id_auto && peer->conf.my_id.type != IKE_ID_AUTO) ||
	    peers_addr_equal(&peer->private_told, &sa->at.local))
		return;
	peer->private_told = sa->at.local;
	ike_sa_my_id(sa, &id);
	inet_ntop(id.type == IKE_ID_IPV6 ? AF_INET6 : AF_INET, id.data, text, sizeof(text));
	refuse_log(e, IKE_LOG_WARN, peer, sa, 0,
		   "behind NAT with my-id=auto: the identity sent is %s, our address before the "
		   "NAT; a peer that expects the public one refuses it. Set my-id = "
		   "\"address:<public>\" or \"fqdn:<name>\" of its /ip ipsec identity to what "
		   "the peer expects, or have the peer expect %s",
		   text, text);
}

void ike_sa_keepalive(struct ike_engine *e, struct timer *t, uint64_t now)
{
	static const uint8_t byte = 0xff; /* RFC 3948 section 2.3 */
	struct ike_sa *sa = TABLE_ENTRY(t, struct ike_sa, keepalive);
	struct ike_datagram d = {
		.src = sa->at.local,
		.dst = sa->at.remote,
		.src_port = sa->at.local_port,
		.dst_port = sa->at.remote_port,
		.keepalive = true,
		.data = &byte,
		.len = 1,
	};

	if (sa->state != SA_ESTABLISHED)
		return;
	e->counters.tx++;
	e->counters.tx_keepalive++;
	e->ops.send(e->ctx, &d);
	timers_arm(&e->timers, t, now + IKE_KEEPALIVE_S * TIMERS_SEC);
}

void ike_sa_move(struct ike_sa *sa, const struct ike_datagram *d)
{
	sa->at = (struct ike_endpoint){.local = d->dst,
				       .remote = d->src,
				       .local_port = d->dst_port,
				       .remote_port = d->src_port,
				       .marker = d->marker};
}

/* From another port than 500 the non-ESP marker is used from the first packet on. */
struct ike_endpoint ike_sa_first_endpoint(const struct ike_peer *peer)
{
	bool marker = peer->conf.port != 0 && peer->conf.port != IKE_PORT;

	return (struct ike_endpoint){
		.local = peer->conf.local,
		.remote = peer->conf.remote,
		.local_port = marker ? IKE_PORT_NATT : IKE_PORT,
		.remote_port = marker ? peer->conf.port : IKE_PORT,
		.marker = marker,
	};
}

void ike_sa_float(struct ike_sa *sa)
{
	if (sa->at.marker || (!sa->nat_local && !sa->nat_remote))
		return;
	sa->at.marker = true;
	sa->at.local_port = sa->at.remote_port = IKE_PORT_NATT;
}

void ike_sa_follow(struct ike_sa *sa, const struct ike_datagram *d)
{
	if (!sa->nat_remote || d->marker != sa->at.marker)
		return;
	sa->at.remote = d->src;
	sa->at.remote_port = d->src_port;
}

void ike_sa_start_timers(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	lifetime_start_ike_sa(e, sa);
	sa->peer->v->dpd_start(e, sa, now);
	if (sa->nat_local && sa->at.marker)
		timers_arm(&e->timers, &sa->keepalive, now + IKE_KEEPALIVE_S * TIMERS_SEC);
}

const char *ike_sa_state_name(const struct ike_sa *sa)
{
	static const char *const names[SA_STATES] = {
		[SA_MSG1_SENT] = "message-1-sent",     [SA_MSG3_SENT] = "message-3-sent",
		[SA_MSG5_SENT] = "message-5-sent",     [SA_MSG2_SENT] = "message-2-sent",
		[SA_MSG4_SENT] = "message-4-sent",     [SA_INIT_SENT] = "init-sent",
		[SA_AGGR1_SENT] = "aggressive-1-sent", [SA_AGGR2_SENT] = "aggressive-2-sent",
		[SA_AUTH_SENT] = "auth-sent",	       [SA_INIT_ANSWERED] = "init-answered",
		[SA_SUCCESSOR] = "successor",	       [SA_REFUSED] = "refused",
		[SA_ESTABLISHED] = "established",      [SA_REPLACED] = "replaced",
	};

	return names[sa->state];
}
