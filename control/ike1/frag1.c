/* SPDX-License-Identifier: BSD-3-Clause */
/* frag1.c - fragments of IKEv1 messages; see frag1.h. */
#include "control/ike1/frag1.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/state.h"

#define HEAD  (IKE_HDR_LEN + 8u) /* header, payload header, ID, number, flags */
#define LAST  1u
#define PIECE (FRAG1_DATAGRAM - HEAD)

struct frag1_set {
	uint16_t id;
	unsigned last; /* number of the last piece; 0 = not seen */
	unsigned have;
	size_t bytes;
	uint64_t begun;
	struct {
		uint8_t *data;
		size_t len;
	} piece[FRAG1_MAX];
};

/* One piece as received. */
struct piece {
	uint16_t id;
	unsigned number;
	bool last;
	struct ike_view data;
};

void frag1_free(struct ike_sa *sa)
{
	struct frag1_set *f = sa->frag1;

	for (unsigned i = 0; f != NULL && i < FRAG1_MAX; i++)
		free(f->piece[i].data);
	free(f);
	sa->frag1 = NULL;
}

static int parse(const struct ike_datagram *d, struct piece *p)
{
	struct wire_reader r;
	uint16_t length;
	uint8_t next;

	wire_reader_init(&r, d->data, d->len, 0);
	(void)wire_get_bytes(&r, IKE_HDR_LEN);
	next = wire_get_u8(&r);
	(void)wire_get_u8(&r);
	length = wire_get_u16(&r);
	p->id = wire_get_u16(&r);
	p->number = wire_get_u8(&r);
	p->last = wire_get_u8(&r) & LAST;
	p->data = wire_get_bytes(&r, wire_left(&r));
	return r.error == 0 && next == IKE_PLD_NONE && length == d->len - IKE_HDR_LEN &&
			       p->number >= 1 && p->number <= FRAG1_MAX && p->data.len > 0
		       ? 0
		       : -EBADMSG;
}

/* From whom pieces are taken: in aggressive mode message 2 may come in pieces before it has said
 * that its sender does this, for we have. */
static bool wanted(const struct ike_sa *sa, const struct ike_datagram *d)
{
	return (sa->fragments || sa->state == SA_AGGR1_SENT) &&
	       peers_addr_equal(&d->src, &sa->at.remote);
}

static bool contradicts(const struct frag1_set *f, const struct piece *p)
{
	unsigned i = p->number - 1;

	return f->id != p->id ||
	       (f->last != 0 && (p->number > f->last || (p->last && p->number != f->last))) ||
	       (f->piece[i].data != NULL &&
		(f->piece[i].len != p->data.len ||
		 memcmp(f->piece[i].data, p->data.data, p->data.len) != 0));
}

/* The set that a piece belongs to; another message's gives way to it. */
static struct frag1_set *find_set(struct ike_sa *sa, const struct piece *p, uint64_t now)
{
	struct frag1_set *f = sa->frag1;

	if (f != NULL && !contradicts(f, p) && now < f->begun + FRAG1_SECONDS * TIMERS_SEC)
		return f;
	frag1_free(sa);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->id = p->id;
	f->begun = now;
	sa->frag1 = f;
	return f;
}

/* All are there. What comes out must be a message of the SA, and not a piece again. */
static int put_together(struct ike_sa *sa, const struct ike1_in *in, struct ike_datagram *whole,
			uint8_t *buf)
{
	const struct frag1_set *f = sa->frag1;
	struct ike_parse_error error;
	struct ike_hdr hdr;
	size_t at = 0;

	for (unsigned i = 0; i < f->last; i++) {
		if (f->piece[i].data == NULL) { /* numbers above the last one */
			frag1_free(sa);
			return -EBADMSG;
		}
		memcpy(buf + at, f->piece[i].data, f->piece[i].len);
		at += f->piece[i].len;
	}
	frag1_free(sa);
	*whole = *in->d;
	whole->data = buf;
	whole->len = at;
	if (at < IKE_HDR_LEN || ike_msg_parse_header(&hdr, buf, at, &error) != 0 ||
	    hdr.version >> 4 != 1 || hdr.next == IKE1_PLD_FRAGMENT || hdr.ispi != in->hdr.ispi ||
	    hdr.rspi != in->hdr.rspi)
		return -EBADMSG;
	return 0;
}

int frag1_take(struct ike_sa *sa, const struct ike1_in *in, struct ike_datagram *whole,
	       uint8_t *buf)
{
	struct frag1_set *f;
	struct piece p;

	if (!wanted(sa, in->d))
		return -EACCES;
	if (parse(in->d, &p) != 0)
		return -EBADMSG;
	f = find_set(sa, &p, in->now);
	if (f == NULL)
		return -ENOMEM;
	if (f->piece[p.number - 1].data != NULL)
		return -EALREADY;
	if (f->bytes + p.data.len > IKE_MAX_MESSAGE) {
		frag1_free(sa);
		return -ENOSPC;
	}
	f->piece[p.number - 1].data = malloc(p.data.len);
	if (f->piece[p.number - 1].data == NULL)
		return -ENOMEM;
	memcpy(f->piece[p.number - 1].data, p.data.data, p.data.len);
	f->piece[p.number - 1].len = p.data.len;
	f->bytes += p.data.len;
	f->have++;
	if (p.last)
		f->last = p.number;
	return f->last != 0 && f->have >= f->last ? put_together(sa, in, whole, buf) : -EAGAIN;
}

int frag1_cut(struct ike_engine *e, const struct ike_sa *sa, const uint8_t *msg, size_t len,
	      uint8_t **out, size_t *out_len)
{
	size_t n = (len + PIECE - 1) / PIECE, size = len + n * HEAD, at = 0;
	/* Others send all pieces under phase 1's exchange type and message ID 0, in clear. */
	bool aggressive = sa->peer->conf.mode == IKE_MODE_AGGRESSIVE;
	struct wire_writer w;

	if (!sa->fragments || len <= FRAG1_DATAGRAM)
		return -ERANGE;
	*out = malloc(size);
	if (*out == NULL)
		return -ENOMEM;
	wire_writer_init(&w, *out, size);
	e->frag1_id++;
	for (size_t i = 0; i < n; i++) {
		size_t part = len - at < PIECE ? len - at : PIECE;

		wire_put_bytes(&w, msg, 2 * IKE_COOKIE_LEN);
		wire_put_u8(&w, IKE1_PLD_FRAGMENT);
		wire_put_u8(&w, IKE_VERSION_1);
		wire_put_u8(&w, aggressive ? IKE1_EXCH_AGGRESSIVE : IKE1_EXCH_MAIN);
		wire_put_u8(&w, 0);
		wire_put_u32(&w, 0);
		wire_put_u32(&w, (uint32_t)(HEAD + part));
		wire_put_u8(&w, IKE_PLD_NONE);
		wire_put_u8(&w, 0);
		wire_put_u16(&w, (uint16_t)(HEAD - IKE_HDR_LEN + part));
		wire_put_u16(&w, e->frag1_id);
		wire_put_u8(&w, (uint8_t)(i + 1));
		wire_put_u8(&w, i + 1 == n ? LAST : 0);
		wire_put_bytes(&w, msg + at, part);
		at += part;
	}
	*out_len = w.pos;
	return 0;
}
