/* SPDX-License-Identifier: BSD-3-Clause */
/* children.c - install, switch and remove pairs of SAs. */
#include "control/children.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/children_priv.h"
#include "control/log.h"
#include "control/secret.h"

static bool slot_is_free(void *ctx, uint32_t slot)
{
	struct children *c = ctx;
	uint32_t state = segmap_sa_state(dataplane_map(c->dp), slot);

	/* A dead line that was there when we attached was left by an earlier dataplane. */
	return state == ABI_SA_FREE || (state == ABI_SA_DEAD && c->left_dead != NULL &&
					slot < c->left_dead_n && c->left_dead[slot]);
}

static int table_random(void *ctx, void *buf, size_t len)
{
	struct children *c = ctx;

	return c->ops->random(c->ctx, buf, len);
}

static const struct sa_table_ops table_ops = {.random = table_random, .slot_free = slot_is_free};

struct children *children_new(struct dataplane *dp, const struct children_ops *ops, void *ctx)
{
	struct children *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->dp = dp;
	c->ops = ops;
	c->ctx = ctx;
	return c;
}

void children_free(struct children *c)
{
	if (c == NULL)
		return;
	children_forget_wishes(c);
	sa_table_free(c->table);
	free(c->left_dead);
	free(c);
}

struct sa_table *children_table(struct children *c)
{
	return c->table;
}

int children_make_table(struct children *c)
{
	uint32_t n = dataplane_max_sas(c->dp);

	if (c->table == NULL && n != 0)
		c->table = sa_table_new(n, &table_ops, c);
	return c->table != NULL ? 0 : -ENOTCONN;
}

uint32_t children_take_spi(struct children *c)
{
	uint32_t spi;

	if (dataplane_map(c->dp)->base == NULL || children_make_table(c) != 0)
		return 0;
	spi = sa_table_take_spi(c->table);
	if (spi == 0)
		log_error(&log_ipsec, "no free SA slot: %u of %u in use (dataplane max-sas)",
			  sa_table_used(c->table), sa_table_size(c->table));
	return spi;
}

void children_release_spi(struct children *c, uint32_t spi)
{
	if (c->table != NULL)
		sa_table_release_spi(c->table, spi);
}

void children_expect_spi(struct children *c, uint32_t spi)
{
	struct abi_spi_expect x = {.msg.type = ABI_CMD_SPI_EXPECT, .spi = spi};

	if (c->table == NULL)
		return;
	x.slot = spi & (sa_table_size(c->table) - 1);
	(void)dataplane_command(c->dp, &x, sizeof(x), NULL, NULL); /* or what is early is lost */
}

/* --- commands --- */

void children_delete_half(struct children *c, struct sa_pair *p, struct sa_half *h,
			  dataplane_reply_fn *fn)
{
	const struct abi_sa_delete del = {
		.msg.type = ABI_CMD_SA_DELETE, .slot = h->add.slot, .spi = h->add.spi};

	if (!sa_half_exists(h) || !h->installed)
		return;
	h->installed = false;
	if (dataplane_command(c->dp, &del, sizeof(del), fn, p) == 0)
		p->waiting++;
}

/* Full or silent for the moment: an SA of ours must not stay behind, so ask again. */
static bool try_again(int rc)
{
	return rc == -ENOSPC || rc == -ETIMEDOUT;
}

static void on_deleted(struct sa_pair *p, struct sa_half *h, int rc, dataplane_reply_fn *fn)
{
	struct children *c = p->owner;

	if (try_again(rc)) {
		h->installed = true;
		children_delete_half(c, p, h, fn);
	} else if (rc != 0 && rc != -ENOENT && rc != -ENOTCONN) {
		log_warn(&log_ipsec, "%s: SA spi=0x%x could not be removed: %s", p->peer,
			 h->add.spi, strerror(-rc));
	}
	if (--p->waiting == 0)
		c->reap++;
}

static void on_deleted_in(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_deleted(p, &p->in, rc, on_deleted_in);
}

static void on_deleted_out(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_deleted(p, &p->out, rc, on_deleted_out);
}

void children_drop(struct children *c, struct sa_pair *p)
{
	if (p->state == SA_PAIR_REMOVING)
		return;
	if (p->adopted)
		c->n_adopted--;
	if (p->switch_at != 0)
		c->n_switching--;
	p->switch_at = 0;
	c->n_held -= p->held;
	p->held = false;
	if (p->state == SA_PAIR_ADDING && p->waiting > 0) {
		p->remove_after = true; /* its adds are under way; see on_added() */
		return;
	}
	p->state = SA_PAIR_REMOVING;
	children_delete_half(c, p, &p->out, on_deleted_out);
	children_delete_half(c, p, &p->in, on_deleted_in);
	if (p->waiting == 0)
		c->reap++;
}

/* The command that adds a half; without keys. */
static struct abi_sa_add command(const struct sa_pair *p, const struct sa_added *a)
{
	struct abi_sa_add add = {
		.msg = a->msg,
		.slot = a->slot,
		.spi = a->spi,
		.policy_id = a->policy_id,
		.flags = a->flags,
		.cookie = a->cookie,
		.direction = a->direction,
		.mode = a->mode,
		.encap = a->encap,
		.encr = a->encr,
		.integ = a->integ,
		.encr_key_len = a->encr_key_len,
		.integ_key_len = a->integ_key_len,
		.salt_len = a->salt_len,
		.df = a->df,
		.dscp = a->dscp,
		.local_port = a->local_port,
		.remote_port = a->remote_port,
		.replay_window = a->replay_window,
		.seq_start = a->seq_start,
		.local = a->local,
		.remote = a->remote,
		.life = a->life,
		.n_local = p->n_local,
		.n_remote = p->n_remote,
	};

	for (unsigned int i = 0; i < p->n_local; i++)
		add.ts_local[i] = p->ranges[i];
	for (unsigned int i = 0; i < p->n_remote; i++)
		add.ts_remote[i] = p->ranges[p->n_local + i];
	return add;
}

int children_send_add(struct children *c, struct sa_pair *p, struct sa_half *h,
		      dataplane_reply_fn *fn)
{
	struct abi_sa_add add = command(p, &h->add);
	int rc;

	if (h->keys != NULL) {
		const struct sa_keys *k = (const struct sa_keys *)(const void *)h->keys->data;

		memcpy(add.encr_key, k->encr_key, sizeof(add.encr_key));
		memcpy(add.integ_key, k->integ_key, sizeof(add.integ_key));
		memcpy(add.salt, k->salt, sizeof(add.salt));
	}
	rc = dataplane_command(c->dp, &add, sizeof(add), fn, p);
	secret_wipe(&add, sizeof(add));
	if (rc == 0)
		p->waiting++;
	return rc;
}

/* --- install --- */

/* All answers are in. */
static void added(struct children *c, struct sa_pair *p)
{
	uint64_t token = p->token;
	int rc = p->rc;

	p->state = SA_PAIR_READY;
	if (rc == 0 && !p->remove_after) {
		children_replaced(c, p);
	} else {
		/* a timed-out add may have taken effect all the same: delete both */
		p->in.installed = p->in.installed || rc == -ETIMEDOUT;
		p->out.installed = p->out.installed || rc == -ETIMEDOUT;
		if (rc != 0)
			log_error(&log_ipsec, "%s: SA pair spi=0x%x/0x%x not installed: %s",
				  p->peer, p->in.add.spi, p->out.add.spi, strerror(-rc));
		sa_table_forget_token(c->table, p);
		children_drop(c, p);
	}
	if (token != 0)
		c->ops->result(c->ctx, token, rc);
}

static void on_added(struct sa_pair *p, struct sa_half *h, int rc)
{
	h->installed = rc == 0;
	if (rc != 0 && p->rc == 0)
		p->rc = rc;
	if (--p->waiting == 0)
		added(p->owner, p);
}

static void on_added_in(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_added(p, &p->in, rc);
}

static void on_added_out(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_added(p, &p->out, rc);
}

static struct secret *keep_keys(const struct ike_child_key *k)
{
	struct secret *s = secret_new(NULL, sizeof(struct sa_keys));
	struct sa_keys *keys;

	if (s == NULL)
		return NULL;
	keys = (struct sa_keys *)(void *)s->data;
	memcpy(keys->encr_key, k->encr_key, sizeof(keys->encr_key));
	memcpy(keys->integ_key, k->integ_key, sizeof(keys->integ_key));
	memcpy(keys->salt, k->salt, sizeof(keys->salt));
	return s;
}

static void fill_half(struct sa_half *h, const struct ike_child_sa *sa, uint64_t cookie,
		      const struct ike_child_key *key, uint8_t direction)
{
	h->add = (struct sa_added){
		.msg.type = ABI_CMD_SA_ADD,
		.spi = key->spi,
		.policy_id = sa->policy_id,
		.flags = sa->esn ? ABI_SA_F_ESN : 0,
		.cookie = cookie,
		.direction = direction,
		.mode = sa->mode,
		.encap = sa->encap,
		.encr = sa->encr,
		.integ = sa->integ,
		.encr_key_len = sa->encr_key_len,
		.integ_key_len = sa->integ_key_len,
		.salt_len = sa->salt_len,
		.local_port = sa->encap == ABI_ENCAP_UDP ? sa->local_port : 0,
		.remote_port = sa->encap == ABI_ENCAP_UDP ? sa->remote_port : 0,
		.replay_window = direction == ABI_DIR_IN ? sa->replay_window : 0,
		.local = sa->local,
		.remote = sa->remote,
		.life = {.soft_time = sa->soft_time,
			 .hard_time = sa->hard_time,
			 .soft_bytes = sa->soft_bytes,
			 .hard_bytes = sa->hard_bytes},
	};
	if (direction == ABI_DIR_OUT && sa->mode == ABI_MODE_TUNNEL) {
		h->add.df = sa->df;
		h->add.dscp = sa->dscp;
	}
	if (direction == ABI_DIR_OUT && sa->current)
		h->add.flags |= ABI_SA_F_CURRENT;
	if (direction == ABI_DIR_OUT && sa->keep_mss)
		h->add.flags |= ABI_SA_F_KEEP_MSS;
	h->keys = keep_keys(key);
}

static int send_pair(struct children *c, struct sa_pair *p)
{
	int rc = children_send_add(c, p, &p->in, on_added_in);

	return rc == 0 ? children_send_add(c, p, &p->out, on_added_out) : rc;
}

/* Slots, keys and commands of a new pair. 0 or the first thing that failed. */
static int start_install(struct children *c, struct sa_pair *p, const struct ike_child_sa *sa)
{
	int rc;

	fill_half(&p->in, sa, p->cookie, &sa->in, ABI_DIR_IN);
	fill_half(&p->out, sa, p->cookie, &sa->out, ABI_DIR_OUT);
	p->in.add.slot = sa->in.spi & (sa_table_size(c->table) - 1);
	p->out.add.slot = sa_table_take_slot(c->table);
	if (p->out.add.slot == SA_TABLE_NONE)
		p->out.add.msg.type = 0;
	rc = sa_table_bind(c->table, p, &p->in);
	if (rc != 0) {
		p->in.add.msg.type = 0;
		sa_table_release_slot(c->table, p->out.add.slot);
		p->out.add.msg.type = 0;
		return rc;
	}
	if (!sa_half_exists(&p->out))
		return -ENOSPC;
	rc = sa_table_bind(c->table, p, &p->out);
	if (rc != 0)
		return rc;
	if (p->behind_adopted)
		p->out.add.flags &= ~ABI_SA_F_CURRENT;
	if (c->left_dead != NULL)
		c->left_dead[p->in.add.slot] = c->left_dead[p->out.add.slot] = 0;
	if (p->in.keys == NULL || p->out.keys == NULL)
		return -ENOMEM;
	rc = sa_table_set_ranges(p, sa->ts_local, sa->n_local, sa->ts_remote, sa->n_remote);
	if (rc != 0)
		return rc;
	if (!c->hold)
		return send_pair(c, p);
	p->held = true;
	c->n_held++;
	return 0;
}

/* The engine is told by children_tick(), or by the answers to what was sent. */
static void not_sent(struct children *c, struct sa_pair *p, int rc)
{
	p->rc = rc;
	if (p->waiting == 0)
		c->due++;
}

void children_hold(struct children *c)
{
	c->hold = true;
}

void children_release(struct children *c)
{
	struct sa_pair *p;

	c->hold = false;
	if (c->n_held == 0)
		return;
	c->n_held = 0;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		int rc = p->held ? send_pair(c, p) : 0;

		p->held = false;
		if (rc != 0)
			not_sent(c, p, rc);
	}
}

void children_install(struct children *c, const struct ike_child_sa *sa, uint64_t now)
{
	struct sa_pair *p = NULL;
	int rc = dataplane_map(c->dp)->base != NULL ? children_make_table(c) : -ENOTCONN;

	if (rc == 0) {
		p = sa_table_add(c->table, sa->token, sa->policy_id);
		rc = p != NULL ? 0 : -errno;
	}
	if (p == NULL) {
		children_fail_later(c, sa->token, rc);
		return;
	}
	p->owner = c;
	p->added = now;
	p->added_wall = c->ops->wall(c->ctx);
	p->pfs_group = sa->pfs_group;
	p->behind_adopted = children_serves_adopted(c, sa->policy_id);
	snprintf(p->peer, sizeof(p->peer), "%s", sa->peer != NULL ? sa->peer : "");
	snprintf(p->comment, sizeof(p->comment), "%s", sa->comment != NULL ? sa->comment : "");
	rc = start_install(c, p, sa);
	if (rc != 0)
		not_sent(c, p, rc);
}

void children_fail_later(struct children *c, uint64_t token, int rc)
{
	if (c->n_failed == CHILDREN_FAILED_MAX) {
		log_error(&log_ipsec, "too many SAs fail at once");
		return;
	}
	c->failed[c->n_failed].token = token;
	c->failed[c->n_failed++].rc = rc;
}

void children_remove(struct children *c, uint64_t token)
{
	struct sa_pair *p = c->table != NULL ? sa_table_find(c->table, token) : NULL;

	if (p == NULL)
		return;
	sa_table_forget_token(c->table, p);
	children_drop(c, p);
}

/* --- time --- */

static void deliver_due(struct children *c)
{
	unsigned int n = c->n_failed;
	struct sa_pair *p;

	for (unsigned int i = 0; i < n; i++)
		c->ops->result(c->ctx, c->failed[i].token, c->failed[i].rc);
	memmove(c->failed, c->failed + n, (c->n_failed - n) * sizeof(c->failed[0]));
	c->n_failed -= n;
	if (c->due == 0)
		return;
	c->due = 0;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (p->state == SA_PAIR_ADDING && p->waiting == 0 && !p->held)
			added(c, p);
	}
}

/* Pairs are freed here alone, so no walk over the table loses its footing to a callback. */
static void reap(struct children *c)
{
	struct sa_pair *p, *next;

	if (c->reap == 0)
		return;
	c->reap = 0;
	for (p = TAILQ_FIRST(sa_table_all(c->table)); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->state == SA_PAIR_REMOVING && p->waiting == 0)
			sa_table_remove(c->table, p);
	}
}

void children_tick(struct children *c, uint64_t now)
{
	c->now = now;
	deliver_due(c);
	if (c->n_switching > 0)
		children_switch_due(c);
	reap(c);
	if (now < c->next_retire)
		return;
	c->next_retire = now + 1000000000ull;
	if (c->n_adopted > 0)
		children_retire(c, now);
}

static void drop_where(struct children *c, bool adopted_only)
{
	struct sa_pair *p;

	if (c->table == NULL)
		return;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (p->adopted || !adopted_only) {
			sa_table_forget_token(c->table, p);
			children_drop(c, p);
		}
	}
}

void children_remove_all(struct children *c)
{
	drop_where(c, false);
}

void children_remove_adopted(struct children *c)
{
	drop_where(c, true);
}
