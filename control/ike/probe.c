/* SPDX-License-Identifier: BSD-3-Clause */
/* probe.c - asking, waiting, and what the answers say; see probe.h. */
#include "control/ike/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/ike_sa.h"
#include "control/ike/msg.h"
#include "control/ike/probe_msg.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"

#define TRIES	3u
#define WAIT_MS 700u

/* Questions are asked in stages: the later ones depend on what the earlier ones tell. */
enum { STAGE_VERSIONS, STAGE_PORTS, STAGE_SIZES, STAGES };

static const uint8_t stage_of[PROBE_ASKS] = {
	[PROBE_SMALL] = STAGE_PORTS,	  [PROBE_4500] = STAGE_PORTS,  [PROBE_LARGE] = STAGE_SIZES,
	[PROBE_FRAGMENTS] = STAGE_SIZES,  [PROBE_WIDE2] = STAGE_PORTS, [PROBE_WIDE1] = STAGE_PORTS,
	[PROBE_WIDE1_MORE] = STAGE_PORTS,
};

struct probe {
	struct ike_probe seen; /* first: probe_of() */
	struct ike_peer *peer;
	struct timer timer;
	unsigned stage, round;
	struct asked {
		uint64_t spi;
		uint8_t *msg;
		size_t len;
		struct ike_endpoint at;
	} asked[PROBE_ASKS];
	TAILQ_ENTRY(probe) next;
};

static void forget_messages(struct probe *p)
{
	for (int i = 0; i < PROBE_ASKS; i++) {
		free(p->asked[i].msg);
		p->asked[i].msg = NULL;
	}
}

static void end(struct ike_engine *e, struct probe *p, uint64_t now)
{
	p->seen.ended = now;
	forget_messages(p);
	TAILQ_REMOVE(&e->probes, p, next);
	e->n_probes--;
}

void probe_free(struct ike_engine *e, struct ike_peer *peer)
{
	struct probe *p = peer->probe;

	if (p == NULL)
		return;
	timers_cancel(&e->timers, &p->timer);
	if (p->seen.ended == 0)
		end(e, p, e->now);
	free(p);
	peer->probe = NULL;
}

static void send_one(struct ike_engine *e, const struct asked *a)
{
	const struct ike_datagram d = {
		.src = a->at.local,
		.dst = a->at.remote,
		.src_port = a->at.local_port,
		.dst_port = a->at.remote_port,
		.marker = a->at.marker,
		.data = a->msg,
		.len = a->len,
	};

	e->counters.tx++;
	e->ops.send(e->ctx, &d);
}

/* The message of a question. One that cannot be made, as with algorithms that the version does not
 * have, is not asked. */
static void ask(struct ike_engine *e, struct probe *p, enum probe_ask what,
		const struct ike_endpoint *at, enum probe_form form, size_t len)
{
	struct asked *a = &p->asked[what];
	uint8_t buf[PROBE_FRAGMENTS_LEN];

	a->at = *at;
	if (state_random(e, &a->spi, sizeof(a->spi)) != 0 || a->spi == 0 ||
	    probe_msg_make(e, p->peer, form, a->spi, len, buf, sizeof(buf), &a->len) != 0)
		return;
	a->msg = malloc(a->len);
	if (a->msg == NULL)
		return;
	memcpy(a->msg, buf, a->len);
	p->seen.rows[what] = (struct probe_row){
		.said = PROBE_WAITS, .port = at->remote_port, .len = (uint16_t)a->len};
}

/* On 4500 with the marker; a peer that is reached on another port is only reached there. */
static struct ike_endpoint natt(const struct ike_peer *peer)
{
	struct ike_endpoint at = ike_sa_first_endpoint(peer);

	if (!at.marker) {
		at.marker = true;
		at.local_port = at.remote_port = IKE_PORT_NATT;
	}
	return at;
}

/* Is it refused in every version that it was asked in? */
static void ask_wide(struct ike_engine *e, struct probe *p, const struct ike_endpoint *at)
{
	enum probe_said said2 = p->seen.rows[PROBE_IKE2].said,
			said1 = p->seen.rows[PROBE_MAIN].said;

	if (said2 == PROBE_TAKES || said1 == PROBE_TAKES)
		return;
	if (said2 == PROBE_NO_PROPOSAL)
		ask(e, p, PROBE_WIDE2, at, PROBE_FORM_WIDE2, 0);
	if (said1 != PROBE_NO_PROPOSAL)
		return;
	ask(e, p, PROBE_WIDE1, at, PROBE_FORM_WIDE1, 0);
	ask(e, p, PROBE_WIDE1_MORE, at, PROBE_FORM_WIDE1_MORE, 0);
}

static void ask_stage(struct ike_engine *e, struct probe *p)
{
	struct ike_endpoint first = ike_sa_first_endpoint(p->peer), other = natt(p->peer);
	const struct ike_probe *seen = &p->seen;
	enum probe_form form;

	if (p->stage == STAGE_VERSIONS) {
		ask(e, p, PROBE_IKE2, &first, PROBE_FORM_IKE2, 0);
		ask(e, p, PROBE_MAIN, &first, PROBE_FORM_MAIN, 0);
		return;
	}
	if (p->stage == STAGE_PORTS) {
		bool heard2 = probe_heard(seen, PROBE_IKE2), heard1 = probe_heard(seen, PROBE_MAIN);

		p->seen.ike2 =
			p->peer->conf.mode == IKE_MODE_IKE2 ? heard2 || !heard1 : heard2 && !heard1;
	}
	form = p->seen.ike2 ? PROBE_FORM_IKE2 : PROBE_FORM_PRIVATE1;
	if (p->stage == STAGE_PORTS) {
		ask_wide(e, p, &first);
		ask(e, p, PROBE_SMALL, &first, form, 0);
		if (!first.marker)
			ask(e, p, PROBE_4500, &other, form, 0);
		return;
	}
	if (!probe_heard(seen, PROBE_4500) && !probe_heard(seen, PROBE_SMALL))
		return;
	if (!probe_heard(seen, PROBE_4500))
		other = first;
	ask(e, p, PROBE_LARGE, &other, form, PROBE_LARGE_LEN);
	ask(e, p, PROBE_FRAGMENTS, &other, form, PROBE_FRAGMENTS_LEN);
}

/* How many of the stage still wait; with send they are sent (again). */
static unsigned waiting(struct ike_engine *e, const struct probe *p, bool send)
{
	unsigned n = 0;

	for (int i = 0; i < PROBE_ASKS; i++) {
		if (stage_of[i] != p->stage || p->seen.rows[i].said != PROBE_WAITS)
			continue;
		n++;
		if (send)
			send_one(e, &p->asked[i]);
	}
	return n;
}

static void go_on(struct ike_engine *e, struct probe *p, uint64_t now)
{
	while (p->stage < STAGES) {
		if (p->round < TRIES && waiting(e, p, true) > 0) {
			p->round++;
			timers_arm(&e->timers, &p->timer, now + WAIT_MS * TIMERS_MS);
			return;
		}
		for (int i = 0; i < PROBE_ASKS; i++) {
			if (stage_of[i] == p->stage && p->seen.rows[i].said == PROBE_WAITS)
				p->seen.rows[i].said = PROBE_NOTHING;
		}
		p->stage++;
		p->round = 0;
		if (p->stage < STAGES)
			ask_stage(e, p);
	}
	end(e, p, now);
}

static void tick(struct ike_engine *e, struct timer *t, uint64_t now)
{
	go_on(e, TABLE_ENTRY(t, struct probe, timer), now);
}

int ike_engine_probe(struct ike_engine *e, const char *name, bool aggressive, uint64_t now)
{
	struct ike_peer *peer = peers_find_name(&e->peers, name);
	struct ike_endpoint at;
	struct probe *p;

	if (peer == NULL)
		return -ENOENT;
	if (!peers_can_start(peer))
		return -EDESTADDRREQ;
	if (e->n_probes >= PROBE_MAX ||
	    (peer->probe != NULL && (peer->probe->seen.ended == 0 ||
				     now - peer->probe->seen.begun < PROBE_AGAIN_S * TIMERS_SEC)))
		return -EBUSY;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	e->now = now;
	probe_free(e, peer);
	peer->probe = p;
	p->peer = peer;
	p->seen.begun = now;
	timers_init_one(&p->timer, tick);
	TAILQ_INSERT_TAIL(&e->probes, p, next);
	e->n_probes++;
	ask_stage(e, p);
	at = ike_sa_first_endpoint(peer);
	if (aggressive)
		ask(e, p, PROBE_AGGRESSIVE, &at, PROBE_FORM_AGGRESSIVE, 0);
	refuse_log(e, IKE_LOG_INFO, peer, NULL, 0, "probing the peer");
	go_on(e, p, now);
	return 0;
}

const struct ike_probe *ike_engine_probe_result(const struct ike_engine *e, const char *name)
{
	const struct ike_peer *peer = peers_find_name(&e->peers, name);

	return peer != NULL && peer->probe != NULL ? &peer->probe->seen : NULL;
}

/* --- answers --- */

static void read_notify(struct probe_row *row, const struct ike_payload *n, unsigned version)
{
	uint16_t type = n->notify.type;

	row->notify = type;
	row->said = PROBE_REFUSES;
	if (type == (version == 2 ? IKE2_N_NO_PROPOSAL_CHOSEN : IKE1_N_NO_PROPOSAL_CHOSEN))
		row->said = PROBE_NO_PROPOSAL;
	else if (version == 2 && type == IKE2_N_INVALID_KE_PAYLOAD)
		row->said = PROBE_TAKES;
	else if (version == 2 && type >= IKE2_N_FIRST_STATUS)
		row->said = PROBE_ANSWERS; /* COOKIE */
}

static void read_answer(struct probe_row *row, const struct ike_datagram *d, unsigned asked)
{
	struct ike_msg m;
	const struct ike_payload *n;
	unsigned version;

	row->said = PROBE_ANSWERS;
	if (ike_msg_parse(&m, d->data, d->len) != 0)
		return;
	version = m.hdr.version >> 4;
	if (version != asked) {
		row->said = PROBE_NO_PROPOSAL;
		return;
	}
	n = ike_msg_find(&m, version == 2 ? IKE2_PLD_NOTIFY : IKE1_PLD_NOTIFY);
	if (ike_msg_find(&m, version == 2 ? IKE2_PLD_SA : IKE1_PLD_SA) != NULL)
		row->said = PROBE_TAKES;
	else if (n != NULL)
		read_notify(row, n, version);
}

bool probe_take(struct ike_engine *e, const struct ike_datagram *d, const struct ike_hdr *hdr,
		uint64_t now)
{
	struct probe *p;

	TAILQ_FOREACH (p, &e->probes, next) {
		for (int i = 0; i < PROBE_ASKS; i++) {
			bool ike2 = probe_is_ike2(&p->seen, (enum probe_ask)i);

			if (p->asked[i].spi != hdr->ispi || hdr->ispi == 0 ||
			    !peers_addr_equal(&d->src, &p->asked[i].at.remote))
				continue;
			if (p->seen.rows[i].said != PROBE_WAITS)
				return true;
			read_answer(&p->seen.rows[i], d, ike2 ? 2 : 1);
			if (waiting(e, p, false) == 0) {
				timers_cancel(&e->timers, &p->timer);
				go_on(e, p, now);
			}
			return true;
		}
	}
	return false;
}
