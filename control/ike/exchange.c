/* SPDX-License-Identifier: BSD-3-Clause */
/* exchange.c - retransmission, answer cache, message ids; see exchange.h. */
#include "control/ike/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/prf.h"
#include "control/ike/ike_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/roam.h"
#include "control/ike/state.h"

static void retransmit(struct ike_engine *e, struct timer *t, uint64_t now);

void exchange_init(struct exchange *x, struct ike_sa *sa, uint32_t msgid, exchange_give_up *fn)
{
	memset(x, 0, sizeof(*x));
	x->sa = sa;
	x->msgid = msgid;
	x->give_up = fn;
	timers_init_one(&x->timer, retransmit);
}

void exchange_fini(struct ike_engine *e, struct exchange *x)
{
	timers_cancel(&e->timers, &x->timer);
	free(x->msg);
	x->msg = NULL;
	x->len = 0;
	x->asking = false;
}

/* 1, 2, 4 .. s, and up to a tenth more, so that peers that fail together do not retry together. */
static uint64_t wait_for(struct ike_engine *e, unsigned tries)
{
	uint64_t ms = (uint64_t)IKE_RETRANSMIT_FIRST_MS << tries;

	return (ms + state_random_below(e, ms * IKE_RETRANSMIT_JITTER_PCT / 100 + 1)) * TIMERS_MS;
}

static void arm(struct ike_engine *e, struct exchange *x, uint64_t due)
{
	timers_arm(&e->timers, &x->timer,
		   x->deadline != 0 && x->deadline < due ? x->deadline : due);
}

static void send(struct ike_engine *e, const struct exchange *x)
{
	ike_sa_send_to(e, x->sa, roam_endpoint(x->sa, x->aside), x->msg, x->len);
}

/* A place that did not answer is left alone. As long as one waits to be asked, what is out may
 * reach the peer there only. */
static void send_again(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	const struct ike_endpoint *other = roam_endpoint(x->sa, true);

	if (x->aside && x->tries >= ROAM_TRIES) {
		/* From here on it asks the peer where it is known to be, in full. */
		x->aside = false;
		x->tries = 0;
		x->deadline += x->deadline != 0 ? now - x->asked : 0;
		roam_failed(e, x->sa, now);
		other = &x->sa->at;
	}
	send(e, x);
	if (!x->aside && other != &x->sa->at)
		ike_sa_send_to(e, x->sa, other, x->msg, x->len);
}

static void retransmit(struct ike_engine *e, struct timer *t, uint64_t now)
{
	struct exchange *x = TABLE_ENTRY(t, struct exchange, timer);

	if (x->tries >= x->max_tries || (x->deadline != 0 && now >= x->deadline)) {
		x->asking = false;
		refuse_log(e, IKE_LOG_DEBUG, x->sa->peer, x->sa, x->msgid,
			   "giving up after %u retransmits", x->tries);
		x->give_up(e, x, now); /* x may be gone */
		return;
	}
	x->tries++;
	refuse_log(e, IKE_LOG_INFO, x->sa->peer, x->sa, x->msgid,
		   "sending retransmit %u of request message ID %u, seq %u", x->tries, x->msgid,
		   x->seq);
	e->counters.tx_retransmit++;
	send_again(e, x, now);
	arm(e, x, now + wait_for(e, x->tries));
	if (x->tries >= IKE_SILENT_TRIES && x->silent != NULL)
		x->silent(e, x, now);
}

/* What was out has its answer: the exchange goes on. */
static void note_answer(struct exchange *x)
{
	if (x->asking && x->len > x->answered)
		x->answered = x->len;
}

static int keep(struct exchange *x, const uint8_t *msg, size_t len)
{
	uint8_t *copy = malloc(len);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, msg, len);
	note_answer(x);
	free(x->msg);
	x->msg = copy;
	x->len = len;
	x->repeats = x->strays = 0;
	x->seq++;
	return 0;
}

int exchange_ask(struct ike_engine *e, struct exchange *x, const uint8_t *msg, size_t len,
		 uint64_t now)
{
	int r = keep(x, msg, len);

	if (r != 0)
		return r;
	x->asking = true;
	x->tries = 0;
	x->max_tries = IKE_RETRANSMIT_TRIES;
	x->deadline = 0;
	x->asked = now;
	send(e, x);
	timers_arm(&e->timers, &x->timer, now + wait_for(e, 0));
	return 0;
}

void exchange_limit(struct ike_engine *e, struct exchange *x, uint64_t deadline)
{
	x->deadline = deadline;
	if (x->asking && x->timer.armed)
		arm(e, x, x->timer.due);
}

int exchange_answer(struct ike_engine *e, struct exchange *x, const uint8_t *msg, size_t len,
		    uint64_t now)
{
	int r = keep(x, msg, len);

	(void)now;
	if (r != 0)
		return r;
	exchange_settle(e, x);
	send(e, x);
	return 0;
}

void exchange_settle(struct ike_engine *e, struct exchange *x)
{
	timers_cancel(&e->timers, &x->timer);
	note_answer(x);
	x->asking = false;
}

void exchange_hurry(struct exchange *x)
{
	if (x->asking && x->max_tries > x->tries + 1)
		x->max_tries = x->tries + 1;
}

static bool digest(const uint8_t *msg, size_t len, uint8_t *out)
{
	struct prf_piece piece = {msg, len};

	return prf_digest(SUITE_HASH_SHA256, &piece, 1, out) == 0;
}

void exchange_took(struct exchange *x, const uint8_t *msg, size_t len)
{
	x->have_last = digest(msg, len, x->last);
	x->repeats = x->strays = 0;
}

bool exchange_is_repeat(const struct exchange *x, const uint8_t *msg, size_t len)
{
	uint8_t d[EXCHANGE_DIGEST];

	return x->have_last && digest(msg, len, d) && memcmp(d, x->last, sizeof(d)) == 0;
}

/* The answer goes to where the request came from (RFC 7296 section 2.11); a NAT may have changed
 * that since it came first. */
void exchange_repeat(struct ike_engine *e, struct exchange *x, unsigned limit,
		     const struct ike_datagram *d)
{
	const struct ike_endpoint *known = roam_endpoint(x->sa, x->aside);
	struct ike_endpoint at = *known;
	bool elsewhere = false;

	if (d != NULL && d->marker == at.marker && roam_can_move(x->sa)) {
		at.remote = d->src;
		at.remote_port = d->src_port;
		elsewhere = at.remote_port != known->remote_port ||
			    !peers_addr_equal(&at.remote, &known->remote);
	}
	if (x->msg == NULL || (elsewhere ? x->strays >= EXCHANGE_REPEATS : x->repeats >= limit))
		return;
	++*(elsewhere ? &x->strays : &x->repeats);
	ike_sa_send_to(e, x->sa, &at, x->msg, x->len);
}

bool exchange_msgid_seen(const struct exchange_msgids *m, uint32_t id)
{
	for (uint16_t i = 0; i < m->n; i++) {
		if (m->ids[i] == id)
			return true;
	}
	return false;
}

void exchange_msgid_add(struct exchange_msgids *m, uint32_t id)
{
	if (m->n == m->cap && m->cap < (m->max != 0 ? m->max : EXCHANGE_MSGIDS)) {
		uint16_t cap = m->cap == 0 ? 16 : (uint16_t)(m->cap * 2);
		uint32_t *ids = realloc(m->ids, cap * sizeof(ids[0]));

		if (ids == NULL)
			return;
		m->ids = ids;
		m->cap = cap;
	}
	if (m->n < m->cap) {
		m->ids[m->n++] = id;
		return;
	}
	m->ids[m->next] = id;
	m->next = (uint16_t)((m->next + 1) % m->cap);
}
