/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.c - records of IKE SAs as bytes; see record.h. One walk over the fields both writes and
 * reads, so the two cannot differ. A digest of all bytes ends the record.
 */
#include "control/ike/record.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/prf.h"
#include "control/crypto/sk.h"
#include "control/ike/wire.h"

#define MAGIC  0x45534153u /* "ESAS" */
#define DIGEST 32u

struct walk { /* one of both */
	struct wire_writer *w;
	struct wire_reader *r;
	bool bad;
};

static void u8(struct walk *k, uint8_t *v)
{
	if (k->w != NULL)
		wire_put_u8(k->w, *v);
	else
		*v = wire_get_u8(k->r);
}

static void u16(struct walk *k, uint16_t *v)
{
	if (k->w != NULL)
		wire_put_u16(k->w, *v);
	else
		*v = wire_get_u16(k->r);
}

static void u32(struct walk *k, uint32_t *v)
{
	if (k->w != NULL)
		wire_put_u32(k->w, *v);
	else
		*v = wire_get_u32(k->r);
}

static void u64(struct walk *k, uint64_t *v)
{
	if (k->w != NULL)
		wire_put_u64(k->w, *v);
	else
		*v = wire_get_u64(k->r);
}

static void flag(struct walk *k, bool *v)
{
	uint8_t b = *v;

	u8(k, &b);
	k->bad |= b > 1;
	*v = b == 1;
}

static void bytes(struct walk *k, void *v, size_t len)
{
	struct ike_view got;

	if (k->w != NULL) {
		wire_put_bytes(k->w, v, len);
		return;
	}
	got = wire_get_bytes(k->r, len);
	if (got.len == len && len > 0)
		memcpy(v, got.data, len);
}

/* A length and so many bytes of at most cap. */
static void var(struct walk *k, uint8_t *v, uint16_t *len, size_t cap)
{
	u16(k, len);
	if (*len > cap) {
		k->bad = true;
		*len = 0;
	}
	bytes(k, v, *len);
}

static void limit(struct walk *k, uint16_t *n, uint16_t max)
{
	u16(k, n);
	if (*n > max) {
		k->bad = true;
		*n = 0;
	}
}

static void addr(struct walk *k, struct abi_addr *a)
{
	u8(k, &a->family);
	bytes(k, a->bytes, sizeof(a->bytes));
	k->bad |= a->family != 4 && a->family != 6;
}

static void range(struct walk *k, struct abi_range *r)
{
	u8(k, &r->family);
	u8(k, &r->protocol);
	u16(k, &r->port_lo);
	u16(k, &r->port_hi);
	bytes(k, r->lo, sizeof(r->lo));
	bytes(k, r->hi, sizeof(r->hi));
	k->bad |= (r->family != 4 && r->family != 6) || r->port_lo > r->port_hi ||
		  memcmp(r->lo, r->hi, sizeof(r->lo)) > 0;
}

static void pair(struct walk *k, struct record_pair *p)
{
	if (k->r != NULL)
		memset(p, 0, sizeof(*p));
	u32(k, &p->policy_id);
	u32(k, &p->spi_in);
	flag(k, &p->deleting);
	k->bad |= p->spi_in < ABI_SPI_MIN;
	if (p->deleting)
		return;
	u32(k, &p->spi_out);
	flag(k, &p->initiator);
	flag(k, &p->current);
	flag(k, &p->superseded);
	u32(k, &p->lifetime);
	u64(k, &p->kilobytes);
	u64(k, &p->added);
	u64(k, &p->soft_time);
	u64(k, &p->hard_time);
	u64(k, &p->rekey_time);
	u64(k, &p->seen);
	limit(k, &p->n_local, ABI_MAX_SELECTORS);
	for (unsigned i = 0; i < p->n_local; i++)
		range(k, &p->local[i]);
	limit(k, &p->n_remote, ABI_MAX_SELECTORS);
	for (unsigned i = 0; i < p->n_remote; i++)
		range(k, &p->remote[i]);
	k->bad |= p->spi_out < ABI_SPI_MIN || p->n_local == 0 || p->n_remote == 0 ||
		  p->hard_time < p->added;
}

/* An enum as 32 bits. */
static void hash_id(struct walk *k, enum suite_hash *v)
{
	uint32_t n = (uint32_t)*v;

	u32(k, &n);
	*v = (enum suite_hash)n;
	k->bad |= n > UINT16_MAX || suite_digest_find((uint16_t)n) == NULL;
}

static void ike1(struct walk *k, struct record *r)
{
	struct keymat_ike1 *m = &r->keys1;

	hash_id(k, &m->hash);
	u16(k, &m->encr);
	u16(k, &m->key_bits);
	u8(k, &m->len);
	u8(k, &m->encr_key_len);
	k->bad |= m->len > sizeof(m->skeyid) || m->encr_key_len > sizeof(m->encr_key) ||
		  suite_encr_find(m->encr, m->key_bits) == NULL;
	bytes(k, m->skeyid, sizeof(m->skeyid));
	bytes(k, m->skeyid_d, sizeof(m->skeyid_d));
	bytes(k, m->skeyid_a, sizeof(m->skeyid_a));
	bytes(k, m->skeyid_e, sizeof(m->skeyid_e));
	bytes(k, m->encr_key, sizeof(m->encr_key));
	bytes(k, r->iv, sizeof(r->iv));
	u32(k, &r->dpd_first);
	u32(k, &r->dpd_sent);
	u32(k, &r->dpd_seen);
	flag(k, &r->dpd_seen_any);
	limit(k, &r->n_msgids, RECORD_MSGIDS);
	for (unsigned i = 0; i < r->n_msgids; i++)
		u32(k, &r->msgids[i]);
}

static void ike2(struct walk *k, struct record *r)
{
	struct keymat_ike2 *m = &r->keys2;

	hash_id(k, &m->prf);
	u16(k, &m->encr);
	u16(k, &m->key_bits);
	u16(k, &m->integ);
	u8(k, &m->len);
	u8(k, &m->encr_len);
	u8(k, &m->integ_len);
	k->bad |= m->len > sizeof(m->sk_d) || m->encr_len > sizeof(m->sk_e[0]) ||
		  m->integ_len > sizeof(m->sk_a[0]) ||
		  suite_encr_find(m->encr, m->key_bits) == NULL;
	bytes(k, m->sk_d, sizeof(m->sk_d));
	bytes(k, m->sk_a, sizeof(m->sk_a));
	bytes(k, m->sk_e, sizeof(m->sk_e));
	bytes(k, m->sk_p, sizeof(m->sk_p));
	u64(k, &r->iv_number);
	u32(k, &r->next_out);
	u32(k, &r->next_in);
	flag(k, &r->have_last);
	bytes(k, r->last, sizeof(r->last));
	var(k, r->answer, &r->answer_len, sizeof(r->answer));
	flag(k, &r->asking);
	var(k, r->request, &r->request_len, sizeof(r->request));
	u8(k, &r->request_exchange);
	u32(k, &r->request_spi);
	k->bad |= r->asking && (r->request_len < IKE_HDR_LEN || r->next_out == 0);
}

static void all(struct walk *k, struct record *r)
{
	uint32_t magic = MAGIC;
	uint16_t version = RECORD_VERSION, id_type = (uint16_t)r->id_remote.type;

	u32(k, &magic);
	u16(k, &version);
	u8(k, &r->ike_version);
	k->bad |= magic != MAGIC || version != RECORD_VERSION ||
		  (r->ike_version != 1 && r->ike_version != 2);
	bytes(k, r->peer, sizeof(r->peer));
	k->bad |= memchr(r->peer, '\0', sizeof(r->peer)) == NULL;
	bytes(k, r->conf, sizeof(r->conf));
	u64(k, &r->ispi);
	u64(k, &r->rspi);
	k->bad |= r->ispi == 0 || r->rspi == 0;
	u64(k, &r->established);
	u64(k, &r->ends);
	u64(k, &r->auth_ends);
	u64(k, &r->last_seen);
	flag(k, &r->responder);
	flag(k, &r->nat_local);
	flag(k, &r->nat_remote);
	flag(k, &r->dpd);
	flag(k, &r->fragments);
	addr(k, &r->at.local);
	addr(k, &r->at.remote);
	k->bad |= r->at.local.family != r->at.remote.family;
	u16(k, &r->at.local_port);
	u16(k, &r->at.remote_port);
	flag(k, &r->at.marker);
	u8(k, &r->natt);
	k->bad |= r->natt >= NATD_VENDOR_COUNT;
	u32(k, &r->lifetime);
	u16(k, &r->encr);
	u16(k, &r->key_bits);
	u16(k, &r->hash);
	u16(k, &r->integ);
	u16(k, &r->group);
	u16(k, &id_type);
	r->id_remote.type = (enum ike_id_type)id_type;
	var(k, r->id_remote.data, &r->id_remote.len, sizeof(r->id_remote.data));
	if (r->ike_version == 1)
		ike1(k, r);
	else
		ike2(k, r);
	limit(k, &r->n_pairs, RECORD_PAIRS);
	for (unsigned i = 0; i < r->n_pairs; i++)
		pair(k, &r->pairs[i]);
}

void record_wipe(struct record *r)
{
	OPENSSL_cleanse(r, offsetof(struct record, pairs) + r->n_pairs * sizeof(r->pairs[0]));
}

static int digest(const uint8_t *buf, size_t len, uint8_t out[DIGEST])
{
	struct prf_piece piece = {buf, len};

	return prf_digest(SUITE_HASH_SHA256, &piece, 1, out);
}

size_t record_encode(const struct record *r, uint8_t *buf, size_t cap)
{
	struct wire_writer w;
	struct walk k = {.w = &w};

	wire_writer_init(&w, buf, cap);
	all(&k, (struct record *)r); /* only read */
	if (w.overflow || cap - w.pos < DIGEST || digest(buf, w.pos, buf + w.pos) != 0)
		return 0;
	return w.pos + DIGEST;
}

int record_decode(struct record *r, const uint8_t *buf, size_t len)
{
	struct wire_reader rd;
	struct walk k = {.r = &rd};
	uint8_t want[DIGEST];

	memset(r, 0, offsetof(struct record, pairs));
	if (len < DIGEST || digest(buf, len - DIGEST, want) != 0 ||
	    !sk_equal(want, DIGEST, buf + len - DIGEST, DIGEST))
		return -EBADMSG;
	wire_reader_init(&rd, buf, len - DIGEST, 0);
	all(&k, r);
	if (!k.bad && rd.error == 0 && wire_left(&rd) == 0)
		return 0;
	record_wipe(r);
	return -EBADMSG;
}
