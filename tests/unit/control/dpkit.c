/* SPDX-License-Identifier: BSD-3-Clause */
/* dpkit.c - see dpkit.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "dpkit.h"

static void on_attached(void *ctx, bool fresh)
{
	struct dpkit *x = ctx;

	x->attached++;
	x->fresh += fresh;
}

static void on_detaching(void *ctx)
{
	((struct dpkit *)ctx)->detaching++;
}

static void on_sa(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ev;
	((struct dpkit *)ctx)->sa_events++;
}

static void on_acquire(void *ctx, const struct abi_ev_acquire *ev)
{
	(void)ev;
	((struct dpkit *)ctx)->acquires++;
}

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	(void)ev;
	((struct dpkit *)ctx)->ports++;
}

static void on_packet(void *ctx, const struct abi_packet *p)
{
	struct dpkit *x = ctx;

	x->packets++;
	x->packet = *p;
}

static void on_resync(void *ctx)
{
	((struct dpkit *)ctx)->resyncs++;
}

const struct dataplane_ops dpkit_ops = {
	.attached = on_attached,
	.detaching = on_detaching,
	.sa_event = on_sa,
	.acquire = on_acquire,
	.port = on_port,
	.packet = on_packet,
	.resync = on_resync,
};

void dpkit_reply(void *arg, int rc, const struct abi_ev_reply *r)
{
	struct dpkit *x = arg;

	(void)r;
	x->replies++;
	x->last_rc = rc;
}

void dpkit_turn(struct dpkit *x)
{
	x->now += DPKIT_SEC / 5;
	fake_segment_beat(&x->f, x->now);
	dataplane_poll(x->d, x->now);
}

int dpkit_setup(void **state)
{
	struct dpkit *x = calloc(1, sizeof(*x));

	x->now = DPKIT_START;
	fake_segment_make(&x->f, "dp", 7, x->now);
	x->d = dataplane_new(x->f.name, &dpkit_ops, x);
	*state = x;
	return x->d == NULL;
}

int dpkit_setup_attached(void **state)
{
	struct dpkit *x;

	if (dpkit_setup(state) != 0)
		return 1;
	x = *state;
	dpkit_turn(x);
	return dataplane_link(x->d) != DATAPLANE_UP;
}

int dpkit_teardown(void **state)
{
	struct dpkit *x = *state;

	dataplane_free(x->d);
	fake_segment_remove(&x->f);
	free(x);
	return 0;
}

int dpkit_sync(struct dpkit *x)
{
	const struct abi_generation g = {.msg.type = ABI_CMD_SYNC};

	return dataplane_command(x->d, &g, sizeof(g), dpkit_reply, x);
}
