/* SPDX-License-Identifier: BSD-3-Clause */
/* inbox.c - datagrams between their arrival and the engine; see inbox.h. */
#include "control/ike/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "control/ike/ike_sa.h"
#include "control/ike/msg.h"
#include "control/ike/state.h"

struct inbox_entry {
	STAILQ_ENTRY(inbox_entry) next;
	struct ike_datagram d;
	uint8_t data[];
};

static const unsigned room[INBOX_CLASSES] = {INBOX_ROOM_ESTABLISHED, INBOX_ROOM_BEGUN,
					     INBOX_ROOM_FIRST};

void inbox_init(struct inbox *b)
{
	for (int c = 0; c < INBOX_CLASSES; c++) {
		STAILQ_INIT(&b->list[c]);
		b->n[c] = 0;
	}
}

static struct inbox_entry *take(struct inbox *b, enum inbox_class c)
{
	struct inbox_entry *i = STAILQ_FIRST(&b->list[c]);

	if (i != NULL) {
		STAILQ_REMOVE_HEAD(&b->list[c], next);
		b->n[c]--;
	}
	return i;
}

void inbox_free(struct inbox *b)
{
	struct inbox_entry *i;

	for (int c = 0; c < INBOX_CLASSES; c++) {
		while ((i = take(b, c)) != NULL)
			free(i);
	}
}

enum inbox_class inbox_classify(const struct ike_engine *e, const struct ike_datagram *d)
{
	struct ike_parse_error error;
	const struct ike_sa *sa;
	struct ike_hdr h;

	if (d->len < IKE_HDR_LEN || ike_msg_parse_header(&h, d->data, d->len, &error) != 0)
		return INBOX_FIRST;
	sa = ike_sa_find(e, h.ispi, h.rspi);
	if (sa == NULL)
		return INBOX_FIRST;
	return ike_sa_up(sa) ? INBOX_ESTABLISHED : INBOX_BEGUN;
}

static bool can_be_from_peer(const struct ike_engine *e, const struct ike_datagram *d)
{
	return (d->src.family == 4 || d->src.family == 6) && d->src.family == d->dst.family &&
	       peers_find_addr(&e->peers, &d->src, &d->dst) != NULL;
}

void inbox_put(struct inbox *b, struct ike_engine *e, const struct ike_datagram *d, uint64_t now)
{
	enum inbox_class c = inbox_classify(e, d);
	struct inbox_entry *i;

	if (d->len > IKE_MAX_MESSAGE || (c == INBOX_FIRST && !can_be_from_peer(e, d))) {
		ike_engine_input(e, d, now);
		return;
	}
	i = b->n[c] < room[c] ? malloc(sizeof(*i) + d->len) : NULL;
	if (i == NULL) {
		++*(c == INBOX_FIRST ? &e->counters.inbox_first : &e->counters.inbox_known);
		return;
	}
	i->d = *d;
	if (d->len != 0)
		memcpy(i->data, d->data, d->len);
	i->d.data = i->data;
	STAILQ_INSERT_TAIL(&b->list[c], i, next);
	b->n[c]++;
}

static unsigned serve(struct inbox *b, struct ike_engine *e, enum inbox_class c, unsigned limit,
		      uint64_t now)
{
	struct inbox_entry *i;
	unsigned n = 0;

	for (; n < limit && (i = take(b, c)) != NULL; n++) {
		ike_engine_input(e, &i->d, now);
		free(i);
	}
	return n;
}

unsigned inbox_serve(struct inbox *b, struct ike_engine *e, uint64_t now)
{
	return serve(b, e, INBOX_ESTABLISHED, room[INBOX_ESTABLISHED], now) +
	       serve(b, e, INBOX_BEGUN, room[INBOX_BEGUN], now) +
	       serve(b, e, INBOX_FIRST, INBOX_FIRST_PER_TURN, now);
}

bool inbox_waiting(const struct inbox *b)
{
	return b->n[INBOX_ESTABLISHED] + b->n[INBOX_BEGUN] + b->n[INBOX_FIRST] > 0;
}
