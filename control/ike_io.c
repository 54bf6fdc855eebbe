/* SPDX-License-Identifier: BSD-3-Clause */
/* ike_io.c - the engine's ways out: the inject ring, random numbers, child SAs, the log. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "control/dh_pool.h"
#include "control/gateway.h"
#include "control/log.h"
#include "control/model/selectors.h"
#include "control/sa_store.h"

static void io_send(void *ctx, const struct ike_datagram *d)
{
	static struct abi_packet p; /* 2 KiB; single-threaded */
	struct gateway *g = ctx;
	size_t len = d->len;

	if (!g->gate_open) {
		g->held_back++;
		return;
	}
	if (len > sizeof(p.data)) {
		log_error(&log_ipsec, "IKE message of %zu bytes is longer than the %zu that fit",
			  len, sizeof(p.data));
		return;
	}
	memset(&p, 0, ABI_PACKET_FIXED);
	p.msg.type = ABI_PACKET_IKE;
	p.msg.length = (uint16_t)(ABI_PACKET_FIXED + len);
	p.src = d->src;
	p.dst = d->dst;
	p.src_port = d->src_port;
	p.dst_port = d->dst_port;
	p.port = ABI_PORT_ANY;
	p.flags = d->marker && !d->keepalive ? ABI_PKT_F_MARKER : 0;
	p.data_len = (uint32_t)len;
	if (len != 0)
		memcpy(p.data, d->data, len);
	(void)dataplane_inject(g->dp, &p); /* a full ring is counted there; IKE sends again */
}

static int io_random(void *ctx, void *buf, size_t len)
{
	uint8_t *at = buf;

	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static uint32_t io_spi_alloc(void *ctx)
{
	return children_take_spi(((struct gateway *)ctx)->children);
}

static void io_spi_release(void *ctx, uint32_t spi)
{
	children_release_spi(((struct gateway *)ctx)->children, spi);
}

static void io_spi_expect(void *ctx, uint32_t spi)
{
	children_expect_spi(((struct gateway *)ctx)->children, spi);
}

static void io_child_install(void *ctx, const struct ike_child_sa *sa)
{
	struct gateway *g = ctx;

	children_install(g->children, sa, g->now);
}

static void io_child_current(void *ctx, uint64_t token)
{
	children_current(((struct gateway *)ctx)->children, token);
}

static void io_child_remove(void *ctx, uint64_t token)
{
	children_remove(((struct gateway *)ctx)->children, token);
}

static void io_child_moved(void *ctx, uint64_t token, const struct abi_addr *remote,
			   uint16_t remote_port)
{
	children_moved(((struct gateway *)ctx)->children, token, remote, remote_port);
}

static uint64_t io_child_last_seen(void *ctx, uint64_t token)
{
	struct gateway *g = ctx;
	struct sa_table *t = children_table(g->children);
	struct sa_pair *p = t != NULL ? sa_table_find(t, token) : NULL;
	struct abi_sa_counters c;

	if (p == NULL || !sa_half_exists(&p->in))
		return 0;
	segmap_sa_counters(dataplane_map(g->dp), p->in.add.slot, &c);
	return c.last_used;
}

static enum log_level level_of(enum ike_log_level level)
{
	switch (level) {
	case IKE_LOG_ERROR:
		return LOG_LEVEL_ERROR;
	case IKE_LOG_WARN:
		return LOG_LEVEL_WARN;
	case IKE_LOG_NOTICE:
		return LOG_LEVEL_NOTICE;
	case IKE_LOG_INFO:
		return LOG_LEVEL_INFO;
	default:
		return LOG_LEVEL_DEBUG;
	}
}

/* Complaints are what others can cause; what is about no peer is a stranger's. */
static void io_log(void *ctx, enum ike_log_level level, const struct ike_log_ctx *lc,
		   const char *text)
{
	bool stranger = lc->peer == NULL || lc->peer[0] == '\0';
	const struct log_ctx to = {
		.topic = "ipsec",
		.peer = lc->peer,
		.remote = lc->remote,
		.ispi = lc->ispi,
		.rspi = lc->rspi,
		.msgid = lc->msgid,
		.limited = stranger || level <= IKE_LOG_WARN,
	};

	(void)ctx;
	log_write(&to, level_of(level), "%s", text);
}

static int io_dh_submit(void *ctx, struct dh_job *job)
{
	return dh_pool_submit(((struct gateway *)ctx)->pool, job);
}

static bool io_dh_wanted(void *ctx, uint16_t group)
{
	return ((struct gateway *)ctx)->pool != NULL && dh_pool_wants(group);
}

/* The peer is known better from the next turn on. */
static void io_child_narrowed(void *ctx, const char *peer)
{
	struct gateway *g = ctx;

	if (!selectors_learn(g->setup.model, peer))
		return;
	log_notice(&log_ipsec,
		   "%s: multi-selector=auto: the peer takes fewer networks in one SA than we have; "
		   "from now on each policy has its own (per-pair)",
		   peer);
	g->replan = true;
}

static uint32_t io_sa_save(void *ctx, uint32_t slot, const uint8_t *record, size_t len)
{
	struct gateway *g = ctx;

	return g->store != NULL ? sa_store_put(g->store, slot, record, len) : 0;
}

static void io_sa_forget(void *ctx, uint32_t slot)
{
	struct gateway *g = ctx;

	if (g->store != NULL)
		sa_store_forget(g->store, slot);
}

static bool io_child_adopt(void *ctx, uint64_t token, uint32_t policy_id, uint32_t spi_in,
			   uint32_t spi_out)
{
	return children_claim(((struct gateway *)ctx)->children, token, policy_id, spi_in, spi_out);
}

static uint32_t io_policy_add(void *ctx, const struct ike_generated *what)
{
	return generated_add(ctx, what);
}

static void io_policy_remove(void *ctx, uint32_t policy_id)
{
	generated_remove(ctx, policy_id);
}

static void io_peer_failed(void *ctx, const char *peer)
{
	struct gateway *g = ctx;

	names_failed(g->names, peer, g->now);
}

const struct ike_ops ike_io_ops = {
	.send = io_send,
	.random = io_random,
	.spi_alloc = io_spi_alloc,
	.spi_release = io_spi_release,
	.spi_expect = io_spi_expect,
	.child_install = io_child_install,
	.child_current = io_child_current,
	.child_remove = io_child_remove,
	.child_moved = io_child_moved,
	.child_last_seen = io_child_last_seen,
	.child_narrowed = io_child_narrowed,
	.log = io_log,
	.dh_submit = io_dh_submit,
	.dh_wanted = io_dh_wanted,
	.sa_save = io_sa_save,
	.sa_forget = io_sa_forget,
	.child_adopt = io_child_adopt,
	.policy_add = io_policy_add,
	.policy_remove = io_policy_remove,
	.peer_failed = io_peer_failed,
};

static void unreachable(struct gateway *g, const struct abi_packet *p)
{
	struct ike_unreachable u = {.local = p->dst, .remote = p->src, .remote_port = p->src_port};
	struct abi_unreachable said;

	memcpy(&said, p->data, sizeof(said));
	u.from = said.from;
	u.type = said.type;
	u.code = said.code;
	for (size_t i = 0; i < sizeof(said.ispi); i++)
		u.ispi = u.ispi << 8 | said.ispi[i];
	ike_engine_unreachable(g->engine, &u, g->now);
}

void ike_io_input(struct gateway *g, const struct abi_packet *p)
{
	const struct ike_datagram d = {
		.src = p->src,
		.dst = p->dst,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.marker = (p->flags & ABI_PKT_F_MARKER) != 0,
		.data = p->data,
		.len = p->data_len,
	};

	if (!g->gate_open || !g->peers_set || g->stopping)
		return;
	if (p->msg.type == ABI_PACKET_ECHO)
		netwatch_io_input(g, p);
	else if (p->msg.type == ABI_PACKET_UNREACHABLE)
		unreachable(g, p);
	else
		inbox_put(&g->inbox, g->engine, &d, g->now);
}
