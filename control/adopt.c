/* SPDX-License-Identifier: BSD-3-Clause */
/* adopt.c - SAs that outlive one of the two processes: resuming ours, adopting those we find. */
#include "control/children_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

/* A line of the status table. */
struct found {
	uint32_t slot;
	struct abi_sa_status s;
};

static void delete_found(struct children *c, const struct found *f)
{
	const struct abi_sa_delete del = {
		.msg.type = ABI_CMD_SA_DELETE, .slot = f->slot, .spi = f->s.spi};

	(void)dataplane_command(c->dp, &del, sizeof(del), NULL, NULL);
}

/* --- the dataplane was restarted --- */

/* The segment says through which pair the dataplane sent, as far as it heard of our wishes. */
static void keep_current(const struct children *c, struct sa_pair *p, bool current)
{
	if (children_is_unheard(c, p))
		return;
	p->out.add.flags &= ~ABI_SA_F_CURRENT;
	p->out.add.flags |= current ? ABI_SA_F_CURRENT : 0;
}

static void keep_mark(const struct children *c, struct sa_pair *p, struct sa_half *h)
{
	const struct segmap *map = dataplane_map(c->dp);
	struct abi_sa_status s;
	uint64_t mark;

	if (!sa_half_exists(h) || !segmap_sa(map, h->add.slot, &s) || s.spi != h->add.spi)
		return;
	mark = h->add.direction == ABI_DIR_OUT ? s.seq_mark : s.seq;
	if (mark > h->add.seq_start)
		h->add.seq_start = mark;
	if (h->add.direction == ABI_DIR_OUT && s.state != ABI_SA_DEAD)
		keep_current(c, p, s.current != 0);
}

static void keep_marks(struct children *c)
{
	struct sa_pair *p;

	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		keep_mark(c, p, &p->in);
		keep_mark(c, p, &p->out);
	}
}

/* Like what is under way, which is answered with -ENOTCONN. */
static void fail_held(struct children *c)
{
	struct sa_pair *p;

	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (!p->held)
			continue;
		p->held = false;
		p->rc = -ENOTCONN;
		c->due++;
	}
	c->n_held = 0;
}

void children_detaching(struct children *c)
{
	if (c->table == NULL)
		return;
	keep_marks(c);
	if (c->n_held > 0)
		fail_held(c);
}

/* Adopted pairs have no keys here: the SA is gone with its dataplane. */
static void lose(struct children *c, struct sa_pair *p)
{
	uint64_t token = p->token;

	p->in.installed = p->out.installed = false;
	p->told_hard = true;
	sa_table_forget_token(c->table, p);
	children_drop(c, p);
	if (token != 0)
		c->ops->expired(c->ctx, token, true, 0);
}

static void on_resumed(struct sa_pair *p, struct sa_half *h, int rc)
{
	h->installed = rc == 0;
	if (rc != 0 && p->rc == 0)
		p->rc = rc;
	if (--p->waiting > 0)
		return;
	p->state = SA_PAIR_READY;
	if (p->remove_after) {
		children_drop(p->owner, p);
		return;
	}
	if (p->rc == 0 || p->rc == -ENOTCONN) /* -ENOTCONN: gone again, the next one gets them */
		return;
	log_error(&log_ipsec, "%s: SA pair spi=0x%x/0x%x not resumed: %s", p->peer, p->in.add.spi,
		  p->out.add.spi, strerror(-p->rc));
	if (!p->told_hard) {
		p->told_hard = true;
		p->owner->ops->expired(p->owner->ctx, p->token, true, 0);
	}
}

static void on_resumed_in(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_resumed(p, &p->in, rc);
}

static void on_resumed_out(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct sa_pair *p = arg;

	(void)reply;
	on_resumed(p, &p->out, rc);
}

static bool resume_pair(struct children *c, struct sa_pair *p)
{
	p->in.add.flags |= ABI_SA_F_RESUME;
	p->out.add.flags |= ABI_SA_F_RESUME;
	p->in.installed = p->out.installed = false;
	p->state = SA_PAIR_ADDING;
	p->rc = 0;
	return children_send_add(c, p, &p->in, on_resumed_in) == 0 &&
	       children_send_add(c, p, &p->out, on_resumed_out) == 0;
}

/*
 * Lines of an earlier dataplane: their marks have been read. We let go of those that are not ours,
 * and may use their slots meanwhile.
 */
static void release_left_dead(struct children *c)
{
	uint32_t n = dataplane_max_sas(c->dp);
	struct sa_half *h;
	struct found f;

	free(c->left_dead);
	c->left_dead_n = 0;
	c->left_dead = calloc(n, 1);
	if (c->left_dead == NULL)
		return;
	c->left_dead_n = n;
	for (f.slot = 0; f.slot < n; f.slot++) {
		if (segmap_sa_state(dataplane_map(c->dp), f.slot) != ABI_SA_DEAD)
			continue;
		c->left_dead[f.slot] = 1;
		if ((c->table == NULL || sa_table_at(c->table, f.slot, &h) == NULL) &&
		    segmap_sa(dataplane_map(c->dp), f.slot, &f.s) && f.s.spi >= ABI_SPI_MIN)
			delete_found(c, &f);
	}
}

static void no_place(void *ctx, struct sa_pair *p)
{
	struct children *c = ctx;

	(void)c;
	p->rc = -ENOSPC;
	log_error(&log_ipsec, "%s: no slot for SA spi=0x%x in the smaller table", p->peer,
		  p->in.add.spi);
}

void children_resume(struct children *c, uint64_t now)
{
	struct sa_pair *p;
	unsigned int n = 0;

	release_left_dead(c);
	if (c->table == NULL)
		return;
	keep_marks(c); /* the new segment carries the marks of the old one */
	if (sa_table_size(c->table) != dataplane_max_sas(c->dp) &&
	    sa_table_resize(c->table, dataplane_max_sas(c->dp), no_place, c) != 0)
		return;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (p->state != SA_PAIR_READY)
			continue;
		if (p->adopted || p->rc == -ENOSPC || p->in.keys == NULL || p->out.keys == NULL ||
		    now >= p->in.add.life.hard_time || !resume_pair(c, p))
			lose(c, p);
		else
			n++;
	}
	children_ask_again(c);
	if (n > 0)
		log_notice(&log_ipsec, "%u SA pairs resumed in the new dataplane", n);
}

/* --- control was restarted --- */

static int by_cookie(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->s.cookie != y->s.cookie)
		return x->s.cookie < y->s.cookie ? -1 : 1;
	return (int)x->s.direction - (int)y->s.direction;
}

/* Could we have installed this? */
static bool is_sane(const struct found *f, uint32_t max_sas)
{
	const struct abi_sa_status *s = &f->s;

	return s->spi >= ABI_SPI_MIN && s->cookie >> 32 == s->policy_id && s->policy_id != 0 &&
	       (s->direction == ABI_DIR_IN || s->direction == ABI_DIR_OUT) &&
	       (s->direction == ABI_DIR_OUT || (s->spi & (max_sas - 1)) == f->slot) &&
	       (s->local.family == 4 || s->local.family == 6) &&
	       s->local.family == s->remote.family && s->encap <= ABI_ENCAP_UDP;
}

static bool serves_us(struct children *c, const struct found *f, struct children_policy *pol)
{
	if (!is_sane(f, dataplane_max_sas(c->dp)) || !c->ops->policy(c->ctx, f->s.policy_id, pol))
		return false;
	return pol->remote.family == 0 ||
	       memcmp(&pol->remote, &f->s.remote, sizeof(pol->remote)) == 0;
}

static int take_half(struct children *c, struct sa_pair *p, const struct found *f)
{
	struct sa_half *h = f->s.direction == ABI_DIR_IN ? &p->in : &p->out;

	h->add = (struct sa_added){
		.msg.type = ABI_CMD_SA_ADD,
		.slot = f->slot,
		.spi = f->s.spi,
		.policy_id = f->s.policy_id,
		.cookie = f->s.cookie,
		.direction = f->s.direction,
		.mode = f->s.mode,
		.encap = f->s.encap,
		.encr = f->s.encr,
		.integ = f->s.integ,
		.encr_key_len = f->s.encr_key_len,
		.local_port = f->s.local_port,
		.remote_port = f->s.remote_port,
		.replay_window = f->s.replay_window,
		.local = f->s.local,
		.remote = f->s.remote,
		.life = f->s.life,
	};
	h->installed = true;
	return sa_table_bind(c->table, p, h);
}

static bool adopt_pair(struct children *c, const struct found *in, const struct found *out,
		       const struct children_policy *pol, uint64_t now)
{
	struct sa_pair *p = sa_table_add(c->table, 0, in->s.policy_id);

	if (p == NULL)
		return false;
	p->owner = c;
	p->adopted = true;
	p->state = SA_PAIR_READY;
	p->cookie = in->s.cookie;
	p->added = in->s.added < now ? in->s.added : now;
	p->added_wall = c->ops->wall(c->ctx) - (int64_t)((now - p->added) / 1000000000ull);
	snprintf(p->peer, sizeof(p->peer), "%s", pol->peer);
	snprintf(p->comment, sizeof(p->comment), "%s", pol->comment);
	if (take_half(c, p, in) != 0 || take_half(c, p, out) != 0) {
		sa_table_remove(c->table, p);
		return false;
	}
	c->n_adopted++;
	return true;
}

static bool is_pair(const struct found *a, const struct found *b)
{
	return a->s.cookie == b->s.cookie && a->s.direction == ABI_DIR_IN &&
	       b->s.direction == ABI_DIR_OUT;
}

static size_t collect(struct children *c, struct found *list, size_t room)
{
	uint32_t max = dataplane_max_sas(c->dp);
	size_t n = 0;

	for (uint32_t slot = 0; slot < max && n < room; slot++) {
		uint32_t state = segmap_sa_state(dataplane_map(c->dp), slot);
		struct sa_half *h;

		if (state == ABI_SA_FREE || state >= ABI_SA_DEAD ||
		    sa_table_at(c->table, slot, &h) != NULL)
			continue;
		list[n].slot = slot;
		if (segmap_sa(dataplane_map(c->dp), slot, &list[n].s) && list[n].s.spi != 0)
			n++;
	}
	return n;
}

static size_t count_live(struct children *c)
{
	uint32_t max = dataplane_max_sas(c->dp);
	size_t n = 0;

	for (uint32_t slot = 0; slot < max; slot++)
		n += segmap_sa_state(dataplane_map(c->dp), slot) != ABI_SA_FREE;
	return n;
}

/* Adopted pairs whose policy a reload took away. */
static void drop_orphans(struct children *c)
{
	struct children_policy pol;
	struct sa_pair *p;

	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (p->adopted && p->state == SA_PAIR_READY &&
		    !c->ops->policy(c->ctx, p->policy_id, &pol))
			children_drop(c, p);
	}
}

unsigned int children_adopt(struct children *c, uint64_t now)
{
	struct children_policy pol;
	unsigned int adopted = 0, deleted = 0;
	struct found *list;
	size_t n, room;

	if (children_make_table(c) != 0)
		return 0;
	release_left_dead(c);
	drop_orphans(c);
	room = count_live(c);
	list = calloc(room + 1, sizeof(*list));
	if (list == NULL)
		return 0;
	n = collect(c, list, room);
	qsort(list, n, sizeof(*list), by_cookie);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && is_pair(&list[i], &list[i + 1]) && serves_us(c, &list[i], &pol) &&
		    serves_us(c, &list[i + 1], &pol) &&
		    adopt_pair(c, &list[i], &list[i + 1], &pol, now)) {
			adopted++;
			i++;
			continue;
		}
		delete_found(c, &list[i]);
		deleted++;
	}
	free(list);
	if (adopted + deleted > 0)
		log_notice(&log_ipsec,
			   "found SAs of an earlier run: %u pairs adopted, %u SAs deleted", adopted,
			   deleted);
	return adopted;
}

bool children_claim(struct children *c, uint64_t token, uint32_t policy_id, uint32_t spi_in,
		    uint32_t spi_out)
{
	struct sa_half *h;
	struct sa_pair *p =
		c->table != NULL && c->n_adopted > 0
			? sa_table_at(c->table, spi_in & (sa_table_size(c->table) - 1), &h)
			: NULL;

	if (p == NULL || !p->adopted || p->state != SA_PAIR_READY || p->policy_id != policy_id ||
	    p->in.add.spi != spi_in || p->out.add.spi != spi_out)
		return false;
	p->adopted = false;
	c->n_adopted--;
	sa_table_set_token(c->table, p, token);
	return true;
}

void children_replaced(struct children *c, const struct sa_pair *by)
{
	struct sa_pair *p;

	if (c->n_adopted == 0 || by->adopted)
		return;
	TAILQ_FOREACH (p, sa_table_all(c->table), link)
		if (p->adopted && p->policy_id == by->policy_id && p->replaced_at == 0)
			p->replaced_at = by->added;
}

void children_retire(struct children *c, uint64_t now)
{
	struct sa_pair *p;

	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		struct abi_sa_counters used;

		if (!p->adopted || p->replaced_at == 0 || p->state != SA_PAIR_READY ||
		    now < p->replaced_at + CHILDREN_ADOPTED_GRACE)
			continue;
		segmap_sa_counters(dataplane_map(c->dp), p->in.add.slot, &used);
		if (now < used.last_used + CHILDREN_ADOPTED_GRACE)
			continue;
		log_info(&log_ipsec,
			 "%s: adopted SA pair spi=0x%x/0x%x removed, new ones are in use", p->peer,
			 p->in.add.spi, p->out.add.spi);
		children_drop(c, p);
	}
}

bool children_serves_adopted(const struct children *c, uint32_t policy_id)
{
	const struct sa_pair *p;

	if (c->n_adopted == 0)
		return false;
	TAILQ_FOREACH (p, sa_table_all(c->table), link)
		if (p->adopted && p->policy_id == policy_id && p->state == SA_PAIR_READY)
			return true;
	return false;
}

bool children_has_adopted(const struct children *c, const char *peer)
{
	const struct sa_pair *p;

	if (c->table == NULL || c->n_adopted == 0)
		return false;
	TAILQ_FOREACH (p, sa_table_all(c->table), link)
		if (p->adopted && strcmp(p->peer, peer) == 0)
			return true;
	return false;
}
