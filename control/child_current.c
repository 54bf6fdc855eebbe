/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_current.c - which pair of a policy sends.
 *
 * We ask the data plane for it, and commands are answered in their order. So a pair is what the
 * status table says, unless the answer to our last wish, or to any later one, has not come: then
 * the data plane may not have heard of it, and the wish counts, in the next data plane too.
 */
#include <stdlib.h>

#include "control/children_priv.h"

struct wish {
	LIST_ENTRY(wish) link;
	struct children *c;
	uint64_t number;
};

static void on_answer(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct wish *w = arg;

	(void)rc;
	if (reply != NULL && w->number > w->c->wishes_heard) /* a refused one was heard, too */
		w->c->wishes_heard = w->number;
	LIST_REMOVE(w, link);
	free(w);
}

void children_forget_wishes(struct children *c)
{
	struct wish *w;

	while ((w = LIST_FIRST(&c->unanswered)) != NULL) {
		LIST_REMOVE(w, link);
		free(w);
	}
}

static void ask(struct children *c, struct sa_pair *p)
{
	const struct abi_sa_update u = {.msg.type = ABI_CMD_SA_UPDATE,
					.slot = p->out.add.slot,
					.spi = p->out.add.spi,
					.what = ABI_SA_UPD_CURRENT};
	struct wish *w = malloc(sizeof(*w));

	p->wish = ++c->wishes;
	/* Without w the answer to a later one tells. */
	if (dataplane_command(c->dp, &u, sizeof(u), w != NULL ? on_answer : NULL, w) != 0) {
		free(w);
	} else if (w != NULL) {
		*w = (struct wish){.c = c, .number = p->wish};
		LIST_INSERT_HEAD(&c->unanswered, w, link);
	}
}

bool children_is_unheard(const struct children *c, const struct sa_pair *p)
{
	return p->wish > c->wishes_heard;
}

void children_make_current(struct children *c, struct sa_pair *p)
{
	if (p->switch_at != 0)
		c->n_switching--;
	p->switch_at = 0;
	p->behind_adopted = false;
	p->out.add.flags |= ABI_SA_F_CURRENT;
	if (!p->held) /* else its adds will say so */
		ask(c, p);
}

static int by_wish(const void *a, const void *b)
{
	const struct sa_pair *const *x = a, *const *y = b;

	return ((*x)->wish > (*y)->wish) - ((*x)->wish < (*y)->wish);
}

void children_ask_again(struct children *c)
{
	struct sa_pair *p, **list;
	size_t n = 0;

	TAILQ_FOREACH (p, sa_table_all(c->table), link)
		n += children_is_unheard(c, p);
	list = n != 0 ? calloc(n, sizeof(struct sa_pair *)) : NULL;
	if (list == NULL)
		return; /* they were resumed as current; of two of a policy the newer one is */
	n = 0;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (children_is_unheard(c, p) && p->state == SA_PAIR_ADDING)
			list[n++] = p;
	}
	qsort(list, n, sizeof(struct sa_pair *), by_wish);
	for (size_t i = 0; i < n; i++)
		ask(c, list[i]);
	free(list);
}

/*
 * The engine knows nothing of adopted pairs and would send through its first one at once. But while
 * an adopted one works, nothing must be lost: an IKEv1 responder has the new pair only when it has
 * taken our last message (RFC 2409 section 5.5), so wait until it uses it or has had the time.
 */
void children_current(struct children *c, uint64_t token)
{
	struct sa_pair *p = c->table != NULL ? sa_table_find(c->table, token) : NULL;

	if (p == NULL || !sa_half_exists(&p->out))
		return;
	if (!p->behind_adopted) {
		children_make_current(c, p);
	} else if (p->switch_at == 0) {
		p->switch_at = c->now + CHILDREN_SWITCH;
		c->n_switching++;
	}
}

void children_switch_due(struct children *c)
{
	struct sa_pair *p;

	TAILQ_FOREACH (p, sa_table_all(c->table), link)
		if (p->switch_at != 0 && c->now >= p->switch_at)
			children_make_current(c, p);
}
