/* SPDX-License-Identifier: BSD-3-Clause */
/* forge.c - authentic lies; see forge.h. */
#include "tests/sim/forge.h"

#include <string.h>

#include "control/crypto/sk.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"
#include "control/ike1/seal.h"

static struct ike_sa *find(struct sim *s, int node, const uint8_t *data)
{
	struct ike_hdr hdr;
	struct ike_parse_error error;
	struct ike_sa *sa;

	if (ike_msg_parse_header(&hdr, data, IKE_HDR_LEN, &error) != 0 &&
	    error.reason == IKE_PARSE_SHORT)
		return NULL;
	TAILQ_FOREACH (sa, &TAILQ_FIRST(&s->node[node].engine->peers.list)->sas, of_peer) {
		if (sa->ispi == hdr.ispi && sa->rspi == hdr.rspi)
			return sa;
	}
	return NULL;
}

static struct quick *find_quick(struct ike_sa *sa, uint32_t msgid)
{
	struct quick *q;

	TAILQ_FOREACH (q, &sa->quicks, of_sa) {
		if (q->x.msgid == msgid)
			return q;
	}
	return NULL;
}

/* What a message needs to be opened and closed again. */
struct lock {
	struct ike_sa *sa;
	uint8_t iv[SUITE_MAX_BLOCK];
	uint32_t msgid;
	const struct quick *q; /* quick mode 2 */
	bool phase1, of_initiator;
};

/* Phase 1: only the initiator still has its handshake when messages 5 and 6 are on their way. */
static bool lock_phase1(struct sim *s, int from, const uint8_t *data, struct lock *l)
{
	struct ike_sa *own = find(s, from, data), *other = find(s, 1 - from, data);
	struct ike_sa *sa = own != NULL && !own->responder ? own : other;
	struct prf_piece i, r;

	if (sa == NULL || sa->hs == NULL || sa->responder ||
	    (sa->state != SA_MSG3_SENT && sa->state != SA_MSG5_SENT) || sa->keys->len == 0)
		return false;
	l->sa = sa;
	l->phase1 = true;
	l->of_initiator = sa == own;
	if (!l->of_initiator) {
		memcpy(l->iv, sa->iv, sizeof(l->iv));
		return true;
	}
	i.data = dh_public(sa->hs->dh, &i.len);
	r = (struct prf_piece){sa->hs->peer_public, sa->hs->peer_public_len};
	return keymat_ike1_phase1_iv(sa->hash, &i, &r, l->iv, sk_ike1_block(sa->keys)) == 0;
}

static bool lock_phase2(struct sim *s, int from, const uint8_t *data, struct lock *l)
{
	struct ike_sa *other;

	l->sa = find(s, from, data);
	other = find(s, 1 - from, data);
	if (l->sa == NULL || !ike_sa_up(l->sa) || other == NULL)
		return false;
	l->msgid = (uint32_t)data[20] << 24 | (uint32_t)data[21] << 16 | (uint32_t)data[22] << 8 |
		   data[23];
	l->q = data[18] == IKE1_EXCH_QUICK ? find_quick(other, l->msgid) : NULL;
	if (l->q == NULL) /* first of its exchange */
		return seal_first_iv(l->sa, l->msgid, l->iv) == 0;
	memcpy(l->iv, l->q->iv, sizeof(l->iv));
	/* This is message 2, or message 3. */
	return l->q->state == QUICK_I_SENT1 || l->q->state == QUICK_R_SENT2;
}

static bool rehash(const struct lock *l, uint8_t *data, size_t len)
{
	uint8_t *body = data + IKE_HDR_LEN + IKE_PLD_HDR_LEN;
	size_t n = l->sa->keys->len;
	struct prf_piece rest = {body + n, len - IKE_HDR_LEN - IKE_PLD_HDR_LEN - n};
	struct ike_msg m;

	/* Padding is not covered (RFC 2409 section 5.5), where it can be told from payloads. */
	if (ike_msg_parse_plain(&m, data, len, true) == 0 && m.n > 0)
		rest.len = ike_msg_after(&m, &m.pld[0]).len;
	if (l->q != NULL) {
		struct prf_piece ni = {l->q->ni, l->q->ni_len};

		return keymat_ike1_hash2(l->sa->keys, l->msgid, &ni, &rest, body) == 0;
	}
	return keymat_ike1_hash1(l->sa->keys, l->msgid, &rest, body) == 0;
}

/* Message 5 or 6: ID first, then HASH; the changed ID is hashed when both can still be found. */
static void rehash_phase1(const struct lock *l, uint8_t *data, size_t len)
{
	const struct ike_payload *id, *hash;
	uint8_t out[SUITE_MAX_HASH];
	struct ike_msg m;

	if (ike_msg_parse_plain(&m, data, len, true) != 0)
		return;
	id = ike_msg_find(&m, IKE1_PLD_ID);
	hash = ike_msg_find(&m, IKE1_PLD_HASH);
	if (id == NULL || hash == NULL || hash->body.len != l->sa->keys->len ||
	    phase1_hash(l->sa, l->of_initiator, id->body, out) != 0)
		return;
	memcpy(data + (hash->body.data - data), out, l->sa->keys->len);
}

static void put_length(uint8_t *data, size_t len)
{
	data[24] = data[25] = 0;
	data[26] = (uint8_t)(len >> 8);
	data[27] = (uint8_t)len;
}

static bool lock(struct sim *s, int from, const uint8_t *data, size_t len, struct lock *l)
{
	memset(l, 0, sizeof(*l));
	if (len < IKE_HDR_LEN || (data[19] & IKE1_FLAG_ENCRYPTION) == 0)
		return false;
	return data[18] == IKE1_EXCH_MAIN ? lock_phase1(s, from, data, l)
					  : lock_phase2(s, from, data, l);
}

static bool open_up(const struct lock *l, uint8_t *data, size_t len)
{
	uint8_t iv[SUITE_MAX_BLOCK];

	memcpy(iv, l->iv, sizeof(iv));
	return sk_ike1_decrypt(l->sa->keys, iv, data + IKE_HDR_LEN, len - IKE_HDR_LEN) == 0;
}

static bool close_up(const struct lock *l, uint8_t *data, size_t len)
{
	uint8_t iv[SUITE_MAX_BLOCK];

	memcpy(iv, l->iv, sizeof(iv));
	return sk_ike1_encrypt(l->sa->keys, iv, data + IKE_HDR_LEN, len - IKE_HDR_LEN) == 0;
}

bool forge_message(struct sim *s, int from, uint8_t *data, size_t *len, size_t cap,
		   forge_change *change, void *ctx)
{
	size_t fixed = IKE_HDR_LEN, n;
	struct lock l;
	uint8_t *next;

	if (!lock(s, from, data, *len, &l) || (l.q != NULL && l.q->state != QUICK_I_SENT1) ||
	    !open_up(&l, data, *len))
		return false;
	next = &data[16];
	if (!l.phase1) {
		fixed += IKE_PLD_HDR_LEN + l.sa->keys->len;
		next = &data[IKE_HDR_LEN];
	}
	if (*len < fixed)
		return false;
	n = fixed + change(ctx, next, data + fixed, *len - fixed, cap - fixed - SUITE_MAX_BLOCK);
	while ((n - IKE_HDR_LEN) % sk_ike1_block(l.sa->keys) != 0)
		data[n++] = 0;
	put_length(data, n);
	if (l.phase1)
		rehash_phase1(&l, data, n);
	else if (!rehash(&l, data, n))
		return false;
	*len = n;
	return close_up(&l, data, n);
}

bool forge_spoil(struct sim *s, int from, uint8_t *data, size_t len)
{
	const struct ike_payload *hash;
	struct ike_msg m;
	struct lock l;

	if (!lock(s, from, data, len, &l) || !open_up(&l, data, len))
		return false;
	hash = ike_msg_parse_plain(&m, data, len, true) == 0 ? ike_msg_find(&m, IKE1_PLD_HASH)
							     : NULL;
	if (hash != NULL)
		data[hash->body.data - data + hash->body.len - 1] ^= 1;
	return close_up(&l, data, len) && hash != NULL;
}

bool forge_send(struct sim *s, int from, uint8_t exchange, uint32_t msgid, uint8_t next,
		const uint8_t *payloads, size_t len, enum forge_hash hash)
{
	struct ike_sa *sa = ike_sa_best(TAILQ_FIRST(&s->node[from].engine->peers.list));
	uint8_t iv[SUITE_MAX_BLOCK];
	struct ike1_out o;

	if (sa == NULL || len > 4096 || seal_first_iv(sa, msgid, iv) != 0)
		return false;
	seal_begin(&o, sa, exchange, msgid, true, true);
	o.buf[IKE_HDR_LEN] = next;
	wire_put_bytes(&o.b.w, payloads, len);
	if (seal_hash1(&o, sa, msgid) != 0)
		return false;
	if (hash == FORGE_WRONG)
		o.buf[o.hash_at] ^= 0x80;
	if (seal_close(&o, sa, iv) != 0)
		return false;
	sim_inject(s, 1 - from, o.buf, o.len, sa->at.marker);
	return true;
}

bool forge_send_fragment(struct sim *s, int from, uint16_t id, uint8_t number, bool last,
			 const uint8_t *data, size_t len)
{
	struct ike_sa *sa = TAILQ_FIRST(&TAILQ_FIRST(&s->node[from].engine->peers.list)->sas);
	struct ike_hdr hdr = {.version = IKE_VERSION_1, .exchange = IKE1_EXCH_MAIN};
	uint8_t buf[1024];
	struct ike_builder b;
	size_t whole;

	if (sa == NULL || len > 512)
		return false;
	hdr.ispi = sa->ispi;
	hdr.rspi = sa->rspi;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	ike_msg_open(&b, IKE1_PLD_FRAGMENT);
	wire_put_u16(&b.w, id);
	wire_put_u8(&b.w, number);
	wire_put_u8(&b.w, last ? 1 : 0);
	wire_put_bytes(&b.w, data, len);
	ike_msg_close(&b);
	if (ike_msg_finish(&b, 0, &whole) != 0)
		return false;
	sim_inject(s, 1 - from, buf, whole, sa->at.marker);
	return true;
}
