/* SPDX-License-Identifier: BSD-3-Clause */
/* childkit.c - see childkit.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "childkit.h"

static void on_attached(void *ctx, bool fresh)
{
	struct childkit *x = ctx;

	if (fresh && x->resume)
		children_resume(x->c, x->now);
}

static void on_detaching(void *ctx)
{
	children_detaching(((struct childkit *)ctx)->c);
}

static void on_sa(void *ctx, const struct abi_ev_sa *ev)
{
	children_event(((struct childkit *)ctx)->c, ev);
}

static void on_acquire(void *ctx, const struct abi_ev_acquire *ev)
{
	(void)ctx;
	(void)ev;
}

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	(void)ctx;
	(void)ev;
}

static void on_packet(void *ctx, const struct abi_packet *p)
{
	(void)ctx;
	(void)p;
}

static void on_resync(void *ctx)
{
	children_resync(((struct childkit *)ctx)->c);
}

static const struct dataplane_ops dp_ops = {
	.attached = on_attached,
	.detaching = on_detaching,
	.sa_event = on_sa,
	.acquire = on_acquire,
	.port = on_port,
	.packet = on_packet,
	.resync = on_resync,
};

static void on_result(void *ctx, uint64_t token, int rc)
{
	struct childkit *x = ctx;

	x->results++;
	x->last_token = token;
	x->last_rc = rc;
}

static void on_expired(void *ctx, uint64_t token, bool hard, uint8_t limit)
{
	struct childkit *x = ctx;

	x->limit = limit;
	x->last_token = token;
	x->hard += hard;
	x->soft += !hard;
	if (hard)
		children_remove(x->c, token); /* as the engine does */
}

static void on_first(void *ctx, uint64_t token)
{
	struct childkit *x = ctx;

	x->first++;
	x->last_token = token;
}

static void on_moved(void *ctx, uint64_t token, const struct abi_addr *remote, uint16_t port)
{
	struct childkit *x = ctx;

	x->moved += remote->bytes[0] == 198 && port == 40001;
	x->last_token = token;
}

static bool policy(void *ctx, uint32_t id, struct children_policy *out)
{
	struct childkit *x = ctx;

	*out = (struct children_policy){
		.peer = "to_tencent", .comment = "comment", .remote = x->known_remote};
	return id == x->known_policy;
}

static int64_t wall(void *ctx)
{
	return 1661678530 +
	       (int64_t)((((struct childkit *)ctx)->now - CHILDKIT_START) / CHILDKIT_SEC);
}

static int fake_random(void *ctx, void *buf, size_t len)
{
	struct childkit *x = ctx;
	uint8_t *b = buf;

	while (len-- > 0) {
		x->seed = x->seed * 6364136223846793005ull + 1442695040888963407ull;
		*b++ = (uint8_t)(x->seed >> 56);
	}
	return 0;
}

static const struct children_ops ops = {
	.result = on_result,
	.expired = on_expired,
	.first_traffic = on_first,
	.moved = on_moved,
	.policy = policy,
	.wall = wall,
	.random = fake_random,
};

unsigned int childkit_turn(struct childkit *x)
{
	unsigned int n;

	x->now += CHILDKIT_SEC / 5;
	fake_segment_beat(&x->f, x->now);
	dataplane_poll(x->d, x->now);
	n = fake_segment_serve(&x->f, x->now);
	dataplane_poll(x->d, x->now);
	children_tick(x->c, x->now);
	return n;
}

int childkit_setup(void **state)
{
	struct childkit *x = calloc(1, sizeof(*x));

	x->now = CHILDKIT_START;
	x->seed = 42;
	x->known_policy = CHILDKIT_POLICY;
	fake_segment_make(&x->f, "children", 7, x->now);
	x->d = dataplane_new(x->f.name, &dp_ops, x);
	x->c = children_new(x->d, &ops, x);
	childkit_turn(x);
	*state = x;
	return dataplane_link(x->d) != DATAPLANE_UP;
}

int childkit_teardown(void **state)
{
	struct childkit *x = *state;

	dataplane_free(x->d);
	children_free(x->c);
	fake_segment_remove(&x->f);
	free(x);
	return 0;
}

struct ike_child_sa childkit_child(struct childkit *x, uint64_t token)
{
	struct ike_child_sa sa = {
		.token = token,
		.policy_id = CHILDKIT_POLICY,
		.peer = "to_tencent",
		.comment = "",
		.mode = ABI_MODE_TUNNEL,
		.encap = ABI_ENCAP_UDP,
		.encr = ABI_ENCR_AES_CBC,
		.integ = ABI_INTEG_HMAC_MD5_96,
		.encr_key_len = 16,
		.integ_key_len = 16,
		.current = true,
		.local = {.family = 4, .bytes = {113, 87, 48, 200}},
		.remote = {.family = 4, .bytes = {119, 91, 254, 122}},
		.local_port = 4500,
		.remote_port = 4500,
		.replay_window = 128,
		.soft_time = x->now + 1440 * CHILDKIT_SEC,
		.hard_time = x->now + 1800 * CHILDKIT_SEC,
		.n_local = 1,
		.n_remote = 1,
	};

	sa.in.spi = children_take_spi(x->c);
	sa.out.spi = 0xc0000000u + (uint32_t)token;
	memset(sa.in.encr_key, 0xe1, 16);
	memset(sa.in.integ_key, 0xa1, 16);
	memset(sa.out.encr_key, 0xe2, 16);
	memset(sa.out.integ_key, 0xa2, 16);
	return sa;
}

struct sa_pair *childkit_install(struct childkit *x, uint64_t token)
{
	struct ike_child_sa sa = childkit_child(x, token);

	children_install(x->c, &sa, x->now);
	childkit_turn(x);
	return sa_table_find(children_table(x->c), token);
}

void childkit_event(struct childkit *x, const struct sa_half *h, uint64_t cookie, uint16_t type,
		    uint8_t expire)
{
	struct abi_ev_sa ev = {.slot = h->add.slot,
			       .spi = h->add.spi,
			       .cookie = cookie,
			       .expire = expire,
			       .limit = ABI_LIMIT_TIME};

	if (type == ABI_EV_PEER_MOVED) {
		ev.remote = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
		ev.remote_port = 40001;
	}
	fake_segment_event(&x->f, &ev, type, sizeof(ev));
	dataplane_poll(x->d, x->now);
}

void childkit_soft(struct childkit *x, const struct sa_half *h, uint64_t cookie, uint8_t limit)
{
	struct abi_ev_sa ev = {.slot = h->add.slot,
			       .spi = h->add.spi,
			       .cookie = cookie,
			       .expire = ABI_EXPIRE_SOFT,
			       .limit = limit};

	fake_segment_event(&x->f, &ev, ABI_EV_SA_EXPIRE, sizeof(ev));
	dataplane_poll(x->d, x->now);
}

void childkit_restart_control(struct childkit *x)
{
	dataplane_free(x->d);
	children_free(x->c);
	x->d = dataplane_new(x->f.name, &dp_ops, x);
	x->c = children_new(x->d, &ops, x);
	x->resume = false;
	childkit_turn(x);
}
