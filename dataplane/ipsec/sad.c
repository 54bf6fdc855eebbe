/* SPDX-License-Identifier: BSD-3-Clause */
/* sad.c - SA slots: look-up for the workers; add, update and delete for the manager. */
#include "dataplane/ipsec/sad.h"

#include <stddef.h>
#include <string.h>

#include <rte_malloc.h>

#include "dataplane/arena.h"
#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/sad_impl.h"

#define LINE	     ((size_t)64)
#define CELLS_INSIDE ((size_t)512) /* bytes: of a window of up to 1,504 */

static void set_status(struct sad *s, uint32_t slot, uint32_t state)
{
	__atomic_store_n(&s->status[slot].state, state, __ATOMIC_RELEASE);
}

struct sad *sad_create(uint32_t max_sas, uint32_t max_policies, struct abi_sa_status *status,
		       int socket)
{
	struct sad *s;

	if (!abi_is_pow2(max_sas, ABI_MAX_SAS_LIMIT))
		return NULL;
	s = arena_zmalloc("sad", sizeof(*s), 64, socket);
	if (s == NULL)
		return NULL;
	s->slot = arena_zmalloc("sad", max_sas * sizeof(*s->slot), 64, socket);
	s->owned = arena_zmalloc("sad", max_sas * sizeof(*s->owned), 64, socket);
	s->used = arena_zmalloc("sad", max_sas * sizeof(*s->used), 64, socket);
	s->out = arena_zmalloc("sad", max_policies * sizeof(*s->out), 64, socket);
	s->called = arena_zmalloc("sad", (max_sas / 64 + 1) * sizeof(*s->called), 64, socket);
	s->spi_head = arena_zmalloc("sad", max_sas * sizeof(*s->spi_head), 64, socket);
	s->spi_next = arena_zmalloc("sad", max_sas * sizeof(*s->spi_next), 64, socket);
	if (s->spi_head == NULL || s->spi_next == NULL || s->called == NULL || s->slot == NULL ||
	    s->owned == NULL || s->used == NULL || s->out == NULL) {
		sad_free(s);
		return NULL;
	}
	for (uint32_t i = 0; i < max_policies; i++)
		s->out[i] = SAD_NONE;
	s->mask = max_sas - 1;
	s->max_policies = max_policies;
	s->status = status;
	s->socket = socket;
	return s;
}

void sad_widen(struct sad *s, uint32_t numbers)
{
	s->wider = numbers;
}

/* Cells of a window lie behind its SA: the page is one that a packet has to find anyway. Those of a
 * large one do not: they would put SAs far from each other. 0: elsewhere. */
static size_t cells_inside(uint32_t window)
{
	size_t bytes = window != 0 ? replay_bytes(window) : 0;

	return bytes <= CELLS_INSIDE ? bytes : 0;
}

static void sa_free(struct sa *sa)
{
	if (sa == NULL)
		return;
	if (sa_replay(sa) != NULL && cells_inside(sa_replay(sa)->window) == 0)
		rte_free(sa_replay(sa)->cell);
	rte_free(sa->six);
	crypto_wipe_keys(sa);
	explicit_bzero(sa, sizeof(*sa));
	sa_store_give(sa);
}

void sad_free(struct sad *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n_used; i++)
		sa_free(s->owned[s->used[i]]);
	rte_free(s->slot);
	rte_free(s->owned);
	rte_free(s->used);
	rte_free(s->called);
	rte_free(s->spi_head);
	rte_free(s->spi_next);
	rte_free(s->out);
	rte_free(s);
}

const struct sa sad_nobody;

struct sa *sad_slot(const struct sad *s, uint32_t slot)
{
	return sad_in_slot(s, slot);
}

struct sa *sad_lookup_in(const struct sad *s, uint32_t spi)
{
	struct sa *sa = sad_slot(s, spi & s->mask);

	return sa != NULL && sa->spi == spi && sa->direction == ABI_DIR_IN ? sa : NULL;
}

struct sa *sad_lookup_out(const struct sad *s, uint32_t policy_index)
{
	uint32_t out = sad_out_of(s, policy_index);

	return out != SAD_NONE ? sad_slot(s, out & SAD_OUT_SLOT) : NULL;
}

/* The window of a new SA of so many bytes, behind which there may be room for its cells. */
static bool set_window(struct sad *s, struct sa *sa, size_t bytes, uint32_t window, uint64_t start)
{
	uint64_t *cell = (uint64_t *)(uintptr_t)((uint8_t *)sa + bytes);

	if (cells_inside(window) == 0)
		cell = arena_zmalloc("replay", replay_bytes(window), LINE, s->socket);
	if (cell == NULL)
		return false;
	sa->windowed = true;
	replay_init(sa_replay(sa), cell, window, start);
	return true;
}

/* Allocate and fill what does not depend on the slot's status line. NULL: no memory or engine. */
static struct sa *sa_make(struct sad *s, const struct abi_sa_add *c, uint32_t policy_index)
{
	bool windowed = c->direction == ABI_DIR_IN && c->replay_window != 0;
	uint32_t window = windowed ? c->replay_window + s->wider : 0;
	struct sa suite = {.direction = c->direction}, *sa;
	size_t bytes;

	if (crypto_suite(&suite, c->encr, c->integ, c->encr_key_len, c->integ_key_len,
			 c->salt_len) != 0)
		return NULL;
	bytes = RTE_ALIGN_CEIL(crypto_sa_bytes(&suite), LINE);
	sa = sa_store_take(c->direction == ABI_DIR_OUT ? &s->outbound : &s->inbound,
			   bytes + cells_inside(window), s->socket);
	if (sa == NULL)
		return NULL;
	*sa = suite;
	sa->spi = c->spi;
	sa->slot = c->slot;
	sa->policy = policy_index;
	if (c->direction == ABI_DIR_IN)
		sa->clamp_by = policy_index;
	sa->keep_mss = (c->flags & ABI_SA_F_KEEP_MSS) != 0;
	sa->policy_id = c->policy_id;
	sa->direction = c->direction;
	sa->cookie = c->cookie;
	sa->life = c->life;
	if ((c->flags & ABI_SA_F_ESN) != 0) {
		sa->esn = SA_ESN_BYTES;
		sa->kind |= SA_KIND_ESN;
	}
	sa->limited = volume_set(&sa->volume, &c->life);
	sa->volume_known = sa->limited;
	if (!sad_set_shape(sa, c, s->socket) ||
	    crypto_set_keys(sa, c->encr_key, c->integ_key, c->salt) != 0 ||
	    (windowed && !set_window(s, sa, bytes, window,
				     (c->flags & ABI_SA_F_RESUME) != 0 ? c->seq_start : 0))) {
		sa_free(sa);
		return NULL;
	}
	return sa;
}

static uint64_t first_mark(const struct sa *sa, uint64_t seq)
{
	uint64_t max = sa_seq_max(sa);

	return seq < max - SAD_SEQ_AHEAD ? seq + SAD_SEQ_AHEAD : max;
}

static void fill_status(struct abi_sa_status *st, const struct abi_sa_add *c, const struct sa *sa,
			uint64_t now)
{
	st->spi = c->spi;
	st->cookie = c->cookie;
	st->policy_id = c->policy_id;
	st->direction = c->direction;
	st->mode = c->mode;
	st->encr = c->encr;
	st->integ = c->integ;
	st->encr_key_len = c->encr_key_len;
	st->current = 0;
	st->seen_traffic = 0;
	if (sa->direction == ABI_DIR_OUT)
		st->seq = sa->seq;
	else
		st->seq = sa_replay(sa) != NULL ? sa_replay(sa)->top : 0;
	st->seq_mark = sa->seq_mark;
	st->replay_window = c->replay_window;
	st->flags = c->flags & ABI_SA_F_ESN;
	st->mtu = sa->mtu;
	st->added = now;
	st->first_used = 0;
	st->life = c->life;
}

/* From now on its policy sends through sa, and no longer through another. */
static void make_current(struct sad *s, struct sa *sa)
{
	uint32_t old = s->out[sa->policy];
	uint32_t mode = sa->mode == ABI_MODE_TRANSPORT ? SAD_OUT_TRANSPORT : 0;

	old = old != SAD_NONE ? old & SAD_OUT_SLOT : SAD_NONE;
	if (old != SAD_NONE && s->owned[old] != NULL) {
		s->owned[old]->current = false;
		s->status[old].current = 0;
	}
	sa->current = true;
	s->status[sa->slot].current = 1;
	__atomic_store_n(&s->out[sa->policy], sa->slot | mode, __ATOMIC_RELEASE);
}

static uint32_t chain_of(const struct sad *s, uint32_t spi)
{
	return (spi * 0x9e3779b1u >> 7) & s->mask;
}

static void chain_add(struct sad *s, const struct sa *sa)
{
	uint32_t *head = &s->spi_head[chain_of(s, sa->spi)];

	__atomic_store_n(&s->spi_next[sa->slot], *head, __ATOMIC_RELAXED);
	__atomic_store_n(head, sa->slot + 1, __ATOMIC_RELEASE);
}

/* Who stands on sa gets on from there: its own link stays until the slot is used again. */
static void chain_remove(struct sad *s, const struct sa *sa)
{
	uint32_t *at = &s->spi_head[chain_of(s, sa->spi)];

	while (*at != 0 && *at != sa->slot + 1)
		at = &s->spi_next[*at - 1];
	if (*at != 0)
		__atomic_store_n(at, s->spi_next[sa->slot], __ATOMIC_RELEASE);
}

bool sad_may_send(const struct sad *s, uint32_t spi)
{
	const uint32_t *link = &s->spi_head[chain_of(s, spi)];

	for (unsigned int i = 0; i < SAD_CHAIN_LOOK; i++) {
		uint32_t at = __atomic_load_n(link, __ATOMIC_ACQUIRE);
		const struct sa *sa;

		if (at == 0)
			return false;
		sa = __atomic_load_n(&s->slot[at - 1], __ATOMIC_ACQUIRE);
		if (sa != NULL && sa->spi == spi)
			return true;
		link = &s->spi_next[at - 1];
	}
	return true;
}

const struct sa *sad_next_out(const struct sad *s, uint32_t spi, const struct sa *after)
{
	uint32_t at = after != NULL ? s->spi_next[after->slot] : s->spi_head[chain_of(s, spi)];

	while (at != 0 && s->owned[at - 1]->spi != spi)
		at = s->spi_next[at - 1];
	return at != 0 ? s->owned[at - 1] : NULL;
}

/* A change of the list of used slots begins, and is done. */
static void turn_used(struct sad *s)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&s->used_turn, s->used_turn + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void use_slot(struct sad *s, struct sa *sa)
{
	turn_used(s);
	sa->used_at = s->n_used;
	__atomic_store_n(&s->used[s->n_used], sa->slot, __ATOMIC_RELAXED);
	__atomic_store_n(&s->n_used, s->n_used + 1, __ATOMIC_RELAXED);
	turn_used(s);
}

/* The last one takes its place. */
static void leave_slot(struct sad *s, const struct sa *sa)
{
	uint32_t last = s->used[s->n_used - 1];

	turn_used(s);
	__atomic_store_n(&s->n_used, s->n_used - 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s->used[sa->used_at], last, __ATOMIC_RELAXED);
	s->owned[last]->used_at = sa->used_at;
	turn_used(s);
}

bool sad_visit_used(const struct sad *s, void (*fn)(void *ctx, uint32_t slot), void *ctx)
{
	uint32_t turn = __atomic_load_n(&s->used_turn, __ATOMIC_ACQUIRE);
	uint32_t n = __atomic_load_n(&s->n_used, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < n && i <= s->mask; i++)
		fn(ctx, __atomic_load_n(&s->used[i], __ATOMIC_RELAXED));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return turn % 2 == 0 && __atomic_load_n(&s->used_turn, __ATOMIC_RELAXED) == turn;
}

uint16_t sad_add(struct sad *s, const struct abi_sa_add *c, uint32_t policy_index, uint64_t now,
		 uint32_t *detail)
{
	uint16_t status = sad_check_add(c, s->mask, now, detail);
	struct sa *sa;

	if (status != ABI_OK)
		return status;
	if (s->owned[c->slot] != NULL)
		return ABI_ERR_EXISTS;
	if (policy_index != SAD_NONE && policy_index >= s->max_policies)
		return ABI_ERR_INTERNAL;
	if (policy_index == SAD_NONE && c->direction == ABI_DIR_OUT) {
		*detail = (uint32_t)offsetof(struct abi_sa_add, policy_id);
		return ABI_ERR_NOT_FOUND;
	}
	sa = sa_make(s, c, policy_index);
	if (sa == NULL)
		return ABI_ERR_NO_SPACE;
	sad_set_endpoint(s, sa, &c->local, &c->remote, c->local_port, c->remote_port, c->encap);
	if (c->direction == ABI_DIR_OUT) {
		sa->seq = c->seq_start;
		sa->sent = c->seq_start;
		sa->seq_mark = first_mark(sa, c->seq_start);
		sa->mtu = mtu_of(sa, SAD_DEFAULT_PATH_MTU);
	}
	fill_status(&s->status[c->slot], c, sa, now);
	/* The promise stands in the segment before a worker can use a number of it. */
	set_status(s, c->slot, ABI_SA_MATURE);
	if (c->direction == ABI_DIR_OUT)
		sa->seq_limit = sa->seq_mark;
	use_slot(s, sa);
	s->owned[c->slot] = sa;
	if (c->direction == ABI_DIR_OUT)
		chain_add(s, sa);
	__atomic_store_n(&sa->state, SA_LIVE, __ATOMIC_RELEASE);
	__atomic_store_n(&s->slot[c->slot], sa, __ATOMIC_RELEASE);
	if ((c->flags & ABI_SA_F_CURRENT) != 0)
		make_current(s, sa);
	return ABI_OK;
}

static struct sa *find_live(const struct sad *s, uint32_t slot, uint32_t spi)
{
	struct sa *sa = slot > s->mask ? NULL : s->owned[slot];

	return sa != NULL && sa->spi == spi && sa->state != SA_DEAD ? sa : NULL;
}

static void set_life(struct sad *s, struct sa *sa, const struct abi_lifetime *life)
{
	sa->life = *life;
	sa->soft_told = 0;
	__atomic_store_n(&sa->limited, volume_set(&sa->volume, life), __ATOMIC_RELAXED);
	s->status[sa->slot].life = *life;
	set_status(s, sa->slot, ABI_SA_MATURE);
}

uint16_t sad_update(struct sad *s, const struct abi_sa_update *c, uint32_t *detail)
{
	uint16_t status = sad_check_update(c, detail);
	struct sa *sa;

	if (status != ABI_OK)
		return status;
	sa = find_live(s, c->slot, c->spi);
	/* What hard-expired stays so: only a new SA with new keys helps. */
	if (sa == NULL || sa->state == SA_EXPIRED)
		return ABI_ERR_NOT_FOUND;
	if ((c->what & ABI_SA_UPD_CURRENT) != 0 && sa->direction != ABI_DIR_OUT) {
		*detail = (uint32_t)offsetof(struct abi_sa_update, what);
		return ABI_ERR_FIELD;
	}
	if ((c->what & ABI_SA_UPD_CURRENT) != 0 && sa->policy == SAD_NONE)
		return ABI_ERR_NOT_FOUND;
	if ((c->what & ABI_SA_UPD_ENDPOINT) != 0 &&
	    (c->local.family == 6) != ((sa->shape & SA_SHAPE_OUTER6) != 0)) {
		*detail = (uint32_t)offsetof(struct abi_sa_update, local);
		return ABI_ERR_FIELD;
	}
	if ((c->what & ABI_SA_UPD_ENDPOINT) != 0)
		sad_set_endpoint(s, sa, &c->local, &c->remote, c->local_port, c->remote_port,
				 c->encap);
	if ((c->what & ABI_SA_UPD_LIFETIME) != 0)
		set_life(s, sa, &c->life);
	if ((c->what & ABI_SA_UPD_CURRENT) != 0)
		make_current(s, sa);
	return ABI_OK;
}

uint16_t sad_delete(struct sad *s, uint32_t slot, uint32_t spi)
{
	struct sa *sa = find_live(s, slot, spi);

	if (sa == NULL)
		return ABI_ERR_NOT_FOUND;
	set_status(s, slot, ABI_SA_DEAD);
	s->status[slot].current = 0;
	__atomic_store_n(&sa->state, SA_DEAD, __ATOMIC_RELEASE);
	if (sad_out_is(s, sa))
		__atomic_store_n(&s->out[sa->policy], SAD_NONE, __ATOMIC_RELEASE);
	__atomic_store_n(&s->slot[slot], NULL, __ATOMIC_RELEASE);
	if (sa->direction == ABI_DIR_OUT)
		chain_remove(s, sa);
	return ABI_OK;
}

void sad_reclaim(struct sad *s, uint32_t slot)
{
	struct sa *sa = slot > s->mask ? NULL : s->owned[slot];

	if (sa == NULL || sa->state != SA_DEAD)
		return;
	leave_slot(s, sa);
	s->owned[slot] = NULL;
	sa_free(sa);
	memset((uint8_t *)&s->status[slot] + sizeof(uint32_t), 0,
	       sizeof(s->status[slot]) - sizeof(uint32_t));
	set_status(s, slot, ABI_SA_FREE);
}

void sad_unbind_policy(struct sad *s, uint32_t policy_index)
{
	if (policy_index >= s->max_policies)
		return;
	__atomic_store_n(&s->out[policy_index], SAD_NONE, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < s->n_used; i++) {
		struct sa *sa = s->owned[s->used[i]];

		if (sa->policy != policy_index)
			continue;
		sa->policy = SAD_NONE;
		if (sa->direction == ABI_DIR_IN)
			__atomic_store_n(&sa->clamp_by, SAD_NONE, __ATOMIC_RELAXED);
		sa->current = false;
		s->status[sa->slot].current = 0;
	}
}

uint32_t sad_count(const struct sad *s)
{
	return s->n_used;
}
