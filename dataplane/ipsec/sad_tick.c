/* SPDX-License-Identifier: BSD-3-Clause */
/* sad_tick.c - what happens to an SA by time and use: limits, marks, MTU, events, status lines. */
#include <string.h>

#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/net/ip6.h"

struct usage {
	uint64_t bytes;
	uint64_t packets;
};

static struct usage usage_sum(const struct sad_tick_io *io, uint32_t slot)
{
	struct usage u = {0, 0};

	for (unsigned int w = 0; w < io->workers; w++) {
		const struct abi_sa_counters *c = &io->counters[abi_line(io->rows, slot, w)];

		u.bytes += __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
		u.packets += __atomic_load_n(&c->packets, __ATOMIC_RELAXED);
	}
	return u;
}

/* from: where an IPv6 peer is now, or NULL. */
static void tell_moved(const struct sad_tick_io *io, const struct sa *sa, uint16_t type,
		       uint8_t expire, uint8_t limit, const struct sa_place6 *from)
{
	struct abi_ev_sa ev = {
		.msg = {.type = type, .length = sizeof(ev)},
		.slot = sa->slot,
		.spi = sa->spi,
		.cookie = sa->cookie,
		.expire = expire,
		.limit = limit,
	};

	if (type == ABI_EV_PEER_MOVED && (sa->shape & SA_SHAPE_OUTER6)) {
		ev.remote_port = from->port;
		ev.remote.family = 6;
		memcpy(ev.remote.bytes, from->addr, sizeof(from->addr));
	} else if (type == ABI_EV_PEER_MOVED) {
		ev.remote_port = (uint16_t)(sa->moved_told >> 32);
		ev.remote.family = 4;
		for (unsigned int i = 0; i < 4; i++)
			ev.remote.bytes[i] = (uint8_t)(sa->moved_told >> (24 - 8 * i));
	}
	io->event(io->ctx, &ev);
}

static void tell(const struct sad_tick_io *io, const struct sa *sa, uint16_t type, uint8_t expire,
		 uint8_t limit)
{
	tell_moved(io, sa, type, expire, limit, NULL);
}

static uint64_t seq_used(const struct sa *sa)
{
	uint64_t seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED);

	return seq < sa->seq_mark ? seq : sa->seq_mark;
}

/* Which limit is reached, 0 = none. The fields of a lifetime come in pairs: soft, hard. Time last:
 * control watches that itself, but who is told that an SA has aged must still hear that it is
 * spent. */
static uint8_t limit_soft(const struct sa *sa, const struct usage *u, uint64_t now)
{
	const struct abi_lifetime *l = &sa->life;

	if (l->soft_bytes != 0 && u->bytes >= l->soft_bytes)
		return ABI_LIMIT_BYTES;
	if (l->soft_packets != 0 && u->packets >= l->soft_packets)
		return ABI_LIMIT_PACKETS;
	if (sa->direction == ABI_DIR_OUT && seq_used(sa) >= sa_seq_soft(sa))
		return ABI_LIMIT_SEQUENCE;
	return l->soft_time != 0 && now >= l->soft_time ? ABI_LIMIT_TIME : 0;
}

static uint8_t limit_hard(const struct sa *sa, const struct usage *u, uint64_t now)
{
	const struct abi_lifetime *l = &sa->life;

	if (l->hard_time != 0 && now >= l->hard_time)
		return ABI_LIMIT_TIME;
	if (l->hard_bytes != 0 && u->bytes >= l->hard_bytes)
		return ABI_LIMIT_BYTES;
	if (l->hard_packets != 0 && u->packets >= l->hard_packets)
		return ABI_LIMIT_PACKETS;
	return 0;
}

static void tick_life(struct sad *s, struct sa *sa, const struct sad_tick_io *io,
		      const struct usage *u, uint64_t now)
{
	uint8_t limit = limit_hard(sa, u, now);

	if (limit != 0) {
		__atomic_store_n(&s->status[sa->slot].state, ABI_SA_DEAD, __ATOMIC_RELEASE);
		__atomic_store_n(&sa->state, SA_EXPIRED, __ATOMIC_RELEASE);
		if (sa->direction == ABI_DIR_OUT && sad_out_is(s, sa))
			__atomic_fetch_or(&s->out[sa->policy], SAD_OUT_EXPIRED, __ATOMIC_RELEASE);
		tell(io, sa, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, limit);
		return;
	}
	if (!sa->hard_told && sa->direction == ABI_DIR_OUT && seq_used(sa) == sa_seq_max(sa)) {
		/* Workers refuse by themselves; the SA stays to count what they refuse. */
		sa->hard_told = true;
		tell(io, sa, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_SEQUENCE);
	}
	limit = limit_soft(sa, u, now);
	if (limit != 0 && (sa->soft_told >> limit & 1) == 0) {
		sa->soft_told |= (uint8_t)(1u << limit);
		__atomic_store_n(&s->status[sa->slot].state, ABI_SA_DYING, __ATOMIC_RELEASE);
		tell(io, sa, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, limit);
	}
}

/* First the promise in the segment, then the workers' limit: whoever resumes from the mark starts
 * above every number that was ever used (RFC 4303 section 2.2). */
static void tick_sequence(struct sad *s, struct sa *sa)
{
	uint64_t seq = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED), max = sa_seq_max(sa), mark;

	if (sa->seq_mark < max && sa->seq_mark < seq + SAD_SEQ_AHEAD_MIN) {
		mark = seq + SAD_SEQ_AHEAD;
		sa->seq_mark = mark < max ? mark : max;
		__atomic_store_n(&s->status[sa->slot].seq_mark, sa->seq_mark, __ATOMIC_RELEASE);
		__atomic_store_n(&sa->seq_limit, sa->seq_mark, __ATOMIC_RELEASE);
	}
	s->status[sa->slot].seq = seq < sa->seq_mark ? seq : sa->seq_mark;
}

static void tick_mtu(struct sad *s, struct sa *sa, const struct sad_tick_io *io)
{
	uint16_t path = 0, mtu;

	if (sa->shape & SA_SHAPE_OUTER6) {
		if (io->path_mtu6 != NULL)
			path = io->path_mtu6(io->ctx, sa->outer.header + SA6_OUTER_REMOTE);
	} else if (io->path_mtu != NULL) {
		path = io->path_mtu(io->ctx, sa->outer.remote);
	}
	if (path == 0)
		return;
	mtu = mtu_of(sa, path);
	if (mtu == sa->mtu)
		return;
	__atomic_store_n(&sa->mtu, mtu, __ATOMIC_RELAXED);
	s->status[sa->slot].mtu = mtu;
}

/* A peer between IPv6 addresses; where workers left word that it is. */
static void tick_moved6(struct sa *sa, const struct sad_tick_io *io)
{
	struct sa_place6 from;
	uint32_t gen = sa6_moved_get(sa->six, &from);

	if (gen == 0 || gen == sa->six->moved_told)
		return;
	sa->six->moved_told = gen;
	if (memcmp(sa->outer.header + SA6_OUTER_REMOTE, from.addr, sizeof(from.addr)) != 0 ||
	    ip4_load16(sa->outer.header + IP6_HEADER + 2) != from.port)
		tell_moved(io, sa, ABI_EV_PEER_MOVED, 0, 0, &from);
}

static void tick_inbound(struct sad *s, struct sa *sa, const struct sad_tick_io *io)
{
	uint64_t moved = __atomic_load_n(&sa->moved, __ATOMIC_RELAXED);

	if (sa_replay(sa) != NULL)
		s->status[sa->slot].seq = __atomic_load_n(&sa_replay(sa)->top, __ATOMIC_RELAXED);
	if (sa->shape & SA_SHAPE_OUTER6)
		tick_moved6(sa, io);
	if (moved == sa->moved_told || moved == 0)
		return;
	sa->moved_told = moved;
	if (moved != sa->peer)
		tell(io, sa, ABI_EV_PEER_MOVED, 0, 0);
}

static void tick_traffic(struct sad *s, struct sa *sa, const struct sad_tick_io *io,
			 const struct usage *u, uint64_t now)
{
	if (sa->first_used != 0 || u->packets == 0)
		return;
	sa->first_used = now;
	s->status[sa->slot].first_used = now;
	s->status[sa->slot].seen_traffic = 1;
	tell(io, sa, ABI_EV_FIRST_TRAFFIC, 0, 0);
}

/* A limit that came with an update: what passed without one has been counted only in the lines. A
 * burst that passes just now may be counted twice, which ends the SA that much earlier. */
static void tick_volume(struct sa *sa, const struct usage *u)
{
	if (!sa->limited || sa->volume_known)
		return;
	sa->volume_known = true;
	volume_add_before(&sa->volume, u->packets, u->bytes);
}

static void tick_one(struct sad *s, struct sa *sa, const struct sad_tick_io *io, uint64_t now)
{
	struct usage u;

	if (sa->state != SA_LIVE)
		return;
	u = usage_sum(io, sa->slot);
	if (sa->direction == ABI_DIR_OUT) {
		tick_sequence(s, sa);
		tick_mtu(s, sa, io);
	} else {
		tick_inbound(s, sa, io);
	}
	tick_volume(sa, &u);
	tick_traffic(s, sa, io, &u, now);
	tick_life(s, sa, io, &u, now);
}

void sad_spend(struct sad *s, uint32_t slot, uint64_t packets, uint64_t bytes)
{
	struct sa *sa = sad_slot(s, slot);

	if (sa == NULL || !volume_add(&sa->volume, packets, bytes))
		return;
	/* The bit first: who sees the number sees the bit. */
	__atomic_fetch_or(&s->called[slot / 64], 1ull << (slot % 64), __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->calls, 1, __ATOMIC_RELEASE);
}

bool sad_called(const struct sad *s)
{
	return __atomic_load_n(&s->calls, __ATOMIC_RELAXED) != s->calls_seen;
}

static void tick_called(struct sad *s, const struct sad_tick_io *io, uint64_t now)
{
	uint32_t calls = __atomic_load_n(&s->calls, __ATOMIC_ACQUIRE);

	if (calls == s->calls_seen)
		return;
	s->calls_seen = calls;
	for (uint32_t i = 0; i <= s->mask / 64; i++) {
		uint64_t bits = __atomic_load_n(&s->called[i], __ATOMIC_RELAXED);

		if (bits == 0)
			continue;
		bits = __atomic_exchange_n(&s->called[i], 0, __ATOMIC_RELAXED);
		for (; bits != 0; bits &= bits - 1) {
			struct sa *sa = s->owned[64 * i + (uint32_t)__builtin_ctzll(bits)];

			if (sa != NULL)
				tick_one(s, sa, io, now);
		}
	}
}

void sad_tick(struct sad *s, const struct sad_tick_io *io, uint64_t now)
{
	uint32_t n = s->n_used < SAD_TICK_BUDGET ? s->n_used : SAD_TICK_BUDGET;

	tick_called(s, io, now);
	for (uint32_t i = 0; i < n; i++) {
		if (s->next_tick >= s->n_used)
			s->next_tick = 0;
		tick_one(s, s->owned[s->used[s->next_tick++]], io, now);
	}
}
