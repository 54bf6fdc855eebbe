/* SPDX-License-Identifier: BSD-3-Clause */
/* netwatch.c - hosts behind tunnels, watched by pings; see netwatch.h. */
#include "control/netwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000ull

void netwatch_init(struct netwatch *w, const struct netwatch_ops *ops, void *ctx)
{
	*w = (struct netwatch){.next = UINT64_MAX, .ops = ops, .ctx = ctx};
}

void netwatch_free(struct netwatch *w)
{
	free(w->rows);
	w->rows = NULL;
	w->n = 0;
}

const struct netwatch_row *netwatch_find(const struct netwatch *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->rows[i].conf.name, name) == 0)
			return &w->rows[i];
	return NULL;
}

int netwatch_configure(struct netwatch *w, const struct plan_watch *list, size_t n, uint64_t now)
{
	struct netwatch_row *rows = calloc(n + 1, sizeof(*rows));

	if (rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct netwatch_row *old = netwatch_find(w, list[i].name);

		if (old != NULL && memcmp(&old->conf, &list[i], sizeof(list[i])) == 0) {
			rows[i] = *old;
			continue;
		}
		rows[i].conf = list[i];
		rows[i].next = now;
		rows[i].heard_at = now; /* it has its time from now on */
	}
	free(w->rows);
	w->rows = rows;
	w->n = n;
	w->next = n > 0 ? now : UINT64_MAX;
	return 0;
}

static void turn(struct netwatch *w, struct netwatch_row *r, enum netwatch_state state,
		 uint64_t now)
{
	if (r->state == state)
		return;
	r->state = state;
	r->since = now;
	w->ops->event(w->ctx, r, state == NETWATCH_UP ? NETWATCH_HOST_UP : NETWATCH_HOST_DOWN);
}

static void ping(struct netwatch *w, struct netwatch_row *r, uint64_t now)
{
	if (r->open && ++r->missed >= r->conf.failures)
		turn(w, r, NETWATCH_DOWN, now);
	r->seq++;
	r->asked[r->seq & 1] = now;
	r->open = true;
	r->sent++;
	r->next = now + r->conf.interval * NS_PER_MS;
	w->ops->ping(w->ctx, r);
}

/* When it is late, and when the peer switches: it sends each expect_interval, and waits as long for
 * the last one that it counts. */
static uint64_t late_at(const struct netwatch_row *r)
{
	return r->heard_at + r->conf.expect_interval * NS_PER_MS * 3 / 2;
}

static uint64_t lost_at(const struct netwatch_row *r)
{
	return r->heard_at + r->conf.expect_interval * NS_PER_MS * (r->conf.expect_failures + 1u);
}

uint64_t netwatch_countdown(const struct netwatch_row *row, uint64_t now)
{
	return row->late && row->peer != NETWATCH_DOWN && lost_at(row) > now ? lost_at(row) - now
									     : 0;
}

static void expect(struct netwatch *w, struct netwatch_row *r, uint64_t now)
{
	if (!r->late && r->peer == NETWATCH_UP && now >= late_at(r)) {
		r->late = true;
		w->ops->event(w->ctx, r, NETWATCH_PINGS_LATE);
	}
	if (r->peer != NETWATCH_DOWN && now >= lost_at(r)) {
		r->peer = NETWATCH_DOWN;
		w->ops->event(w->ctx, r, NETWATCH_PINGS_LOST);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void netwatch_tick(struct netwatch *w, uint64_t now)
{
	if (now < w->next)
		return;
	w->next = UINT64_MAX;
	for (size_t i = 0; i < w->n; i++) {
		struct netwatch_row *r = &w->rows[i];

		if (r->conf.probe && now >= r->next)
			ping(w, r, now);
		if (r->conf.expect_interval != 0)
			expect(w, r, now);
		if (r->conf.probe)
			w->next = earlier(w->next, r->next);
		if (r->conf.expect_interval != 0 && r->peer != NETWATCH_DOWN)
			w->next = earlier(w->next, r->late || r->peer == NETWATCH_UNKNOWN
							   ? lost_at(r)
							   : late_at(r));
	}
}

static void answered(struct netwatch *w, struct netwatch_row *r, uint16_t seq, uint64_t now)
{
	/* The last two count: one may be on its way for longer than the interval. */
	if (!r->conf.probe || (uint16_t)(r->seq - seq) > 1 || r->asked[seq & 1] == 0)
		return;
	r->rtt = now - r->asked[seq & 1];
	r->asked[seq & 1] = 0;
	r->received++;
	r->missed = 0;
	r->open = r->open && seq != r->seq;
	turn(w, r, NETWATCH_UP, now);
}

static void pinged(struct netwatch *w, struct netwatch_row *r, uint64_t now)
{
	bool back = r->peer != NETWATCH_UP || r->late;

	r->heard++;
	r->heard_at = now;
	if (r->conf.expect_interval == 0)
		return;
	r->peer = NETWATCH_UP;
	r->late = false;
	w->next = earlier(w->next, late_at(r));
	if (back)
		w->ops->event(w->ctx, r, NETWATCH_PINGS_COME);
}

static bool same(const struct abi_addr *a, const struct abi_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void netwatch_input(struct netwatch *w, const struct abi_addr *src, const struct abi_addr *dst,
		    const struct abi_echo *echo, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct netwatch_row *r = &w->rows[i];

		if (!same(&r->conf.host, src) || !same(&r->conf.src, dst))
			continue;
		if (echo->type == 0)
			answered(w, r, echo->seq, now);
		else
			pinged(w, r, now);
	}
}
