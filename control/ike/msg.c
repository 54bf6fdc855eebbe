/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msg.c - parsing of IKE messages. The table payloads[] says for each type its shortest and longest
 * body and what looks inside; everything else is the generic chain.
 */
#include "control/ike/msg.h"

#include <errno.h>
#include <string.h>

#include "control/ike/msg_body2.h"

_Static_assert((int)IKE_PARSE_SHORT == WIRE_SHORT, "reader's own reason");

#define ANY_LEN	 0xffffu
#define MIN_HASH 16u /* MD5 */
#define MAX_HASH 64u /* SHA2-512 */

static void parse_sa(struct ike_payload *p, struct wire_reader *r)
{
	p->sa.doi = wire_get_u32(r);
	p->sa.situation = wire_get_u32(r);
	if (p->sa.doi != IKE1_DOI_IPSEC || p->sa.situation != IKE1_SIT_IDENTITY_ONLY)
		return; /* what follows has another shape: RFC 2407 section 4.6.1 */
	p->sa.proposals_offset = wire_offset(r);
	p->sa.proposals = wire_get_rest(r);
}

static void parse_id(struct ike_payload *p, struct wire_reader *r)
{
	p->id.type = wire_get_u8(r);
	p->id.protocol = wire_get_u8(r);
	p->id.port = wire_get_u16(r);
	p->id.data = wire_get_rest(r);
}

/* RFC 3947 section 5.2: an ID payload in shape, three reserved bytes, one address. */
static void parse_natoa(struct ike_payload *p, struct wire_reader *r)
{
	p->id.type = wire_get_u8(r);
	wire_skip(r, 3);
	if (p->id.type == IKE1_ID_IPV4_ADDR && wire_left(r) == 4)
		p->id.data = wire_get_bytes(r, 4);
	else if (p->id.type == IKE1_ID_IPV6_ADDR && wire_left(r) == 16)
		p->id.data = wire_get_bytes(r, 16);
	else
		wire_fail(r, IKE_PARSE_BODY);
}

static void parse_notify(struct ike_payload *p, struct wire_reader *r)
{
	uint8_t spi_size;

	p->notify.doi = wire_get_u32(r);
	p->notify.protocol = wire_get_u8(r);
	spi_size = wire_get_u8(r);
	p->notify.type = wire_get_u16(r);
	if (spi_size > IKE_MAX_COOKIE)
		wire_fail(r, IKE_PARSE_BODY);
	p->notify.spi = wire_get_bytes(r, spi_size);
	p->notify.data = wire_get_rest(r);
}

static void parse_delete(struct ike_payload *p, struct wire_reader *r)
{
	struct ike_pld_delete *d = &p->del;

	d->doi = wire_get_u32(r);
	d->protocol = wire_get_u8(r);
	d->spi_size = wire_get_u8(r);
	d->count = wire_get_u16(r);
	if (d->count > IKE_MAX_SPIS)
		wire_fail(r, IKE_PARSE_TOO_MANY);
	if (d->count == 0 || (size_t)d->count * d->spi_size != wire_left(r) ||
	    (d->protocol == IKE_PROTO_IKE && d->spi_size != 2 * IKE_COOKIE_LEN) ||
	    ((d->protocol == IKE_PROTO_ESP || d->protocol == IKE_PROTO_AH) && d->spi_size != 4))
		wire_fail(r, IKE_PARSE_BODY);
	d->spis = wire_get_rest(r);
}

struct payload_kind {
	uint8_t type;
	uint16_t min, max; /* bytes of body */
	payload_parse *parse;
	const char *name;
};

static const struct payload_kind payloads[] = {
	{IKE1_PLD_SA, 8, ANY_LEN, parse_sa, "SA"},
	{IKE1_PLD_KE, 1, ANY_LEN, NULL, "KE"},
	{IKE1_PLD_ID, 4, ANY_LEN, parse_id, "ID"},
	{IKE1_PLD_CERT, 1, ANY_LEN, NULL, "CERT"},
	{IKE1_PLD_CERTREQ, 1, ANY_LEN, NULL, "CERTREQ"},
	{IKE1_PLD_HASH, MIN_HASH, MAX_HASH, NULL, "HASH"},
	{IKE1_PLD_SIG, 1, ANY_LEN, NULL, "SIG"},
	{IKE1_PLD_NONCE, IKE_MIN_NONCE, IKE_MAX_NONCE, NULL, "NONCE"},
	{IKE1_PLD_NOTIFY, 8, ANY_LEN, parse_notify, "NOTIFY"},
	{IKE1_PLD_DELETE, 8, ANY_LEN, parse_delete, "DELETE"},
	{IKE1_PLD_VENDOR, 0, ANY_LEN, NULL, "VENDOR"},
	{IKE1_PLD_ATTR, 4, ANY_LEN, NULL, "ATTR"},
	{IKE1_PLD_NATD, MIN_HASH, MAX_HASH, NULL, "NAT-D"},
	{IKE1_PLD_NATOA, 8, 20, parse_natoa, "NAT-OA"},
	{IKE2_PLD_SA, 0, ANY_LEN, msg_body2_sa, "SA"},
	{IKE2_PLD_KE, 5, ANY_LEN, msg_body2_ke, "KE"},
	{IKE2_PLD_IDI, 5, ANY_LEN, msg_body2_id, "IDi"},
	{IKE2_PLD_IDR, 5, ANY_LEN, msg_body2_id, "IDr"},
	{IKE2_PLD_CERT, 1, ANY_LEN, NULL, "CERT"},
	{IKE2_PLD_CERTREQ, 1, ANY_LEN, NULL, "CERTREQ"},
	{IKE2_PLD_AUTH, 5, ANY_LEN, msg_body2_auth, "AUTH"},
	{IKE2_PLD_NONCE, IKE2_MIN_NONCE, IKE_MAX_NONCE, NULL, "NONCE"},
	{IKE2_PLD_NOTIFY, 4, ANY_LEN, msg_body2_notify, "NOTIFY"},
	{IKE2_PLD_DELETE, 4, ANY_LEN, msg_body2_delete, "DELETE"},
	{IKE2_PLD_VENDOR, 0, ANY_LEN, NULL, "VENDOR"},
	{IKE2_PLD_TSI, 4, ANY_LEN, msg_body2_ts, "TSi"},
	{IKE2_PLD_TSR, 4, ANY_LEN, msg_body2_ts, "TSr"},
	{IKE2_PLD_SK, 0, ANY_LEN, NULL, "SK"},
	{IKE2_PLD_CP, 4, ANY_LEN, NULL, "CP"},
	{IKE2_PLD_EAP, 4, ANY_LEN, NULL, "EAP"},
	{IKE2_PLD_SKF, 4, ANY_LEN, NULL, "SKF"},
};

static int major(uint8_t version)
{
	return version >> 4;
}

/* The number an IKEv1 draft used becomes the RFC's. */
static uint8_t canonical_type(uint8_t version, uint8_t type)
{
	if (major(version) != 1)
		return type;
	if (type == IKE1_PLD_NATD_DRAFT)
		return IKE1_PLD_NATD;
	return type == IKE1_PLD_NATOA_DRAFT ? IKE1_PLD_NATOA : type;
}

/* The row of a type, of the right version only: IKEv2 numbers its payloads from 33 on. */
static const struct payload_kind *kind_find(uint8_t version, uint8_t type)
{
	if ((major(version) == 2) != (type >= IKE2_PLD_SA))
		return NULL;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		if (payloads[i].type == type)
			return &payloads[i];
	}
	return NULL;
}

const char *ike_payload_name(uint8_t version, uint8_t type)
{
	const struct payload_kind *k = kind_find(version, canonical_type(version, type));

	return k ? k->name : "unknown";
}

bool ike_hdr_encrypted(const struct ike_hdr *h)
{
	return major(h->version) == 1 && (h->flags & IKE1_FLAG_ENCRYPTION);
}

static int header_error(struct ike_parse_error *error, enum ike_parse_reason reason, size_t offset)
{
	*error = (struct ike_parse_error){.reason = reason, .offset = offset};
	return -EBADMSG;
}

int ike_msg_parse_header(struct ike_hdr *h, const uint8_t *buf, size_t len,
			 struct ike_parse_error *error)
{
	struct wire_reader r;

	memset(error, 0, sizeof(*error));
	wire_reader_init(&r, buf, len, 0);
	h->ispi = wire_get_u64(&r);
	h->rspi = wire_get_u64(&r);
	h->next = wire_get_u8(&r);
	h->version = wire_get_u8(&r);
	h->exchange = wire_get_u8(&r);
	h->flags = wire_get_u8(&r);
	h->msgid = wire_get_u32(&r);
	h->length = wire_get_u32(&r);
	if (r.error) {
		memset(h, 0, sizeof(*h)); /* half a header is no header */
		return header_error(error, IKE_PARSE_SHORT, r.error_at);
	}
	if (major(h->version) != 1 && major(h->version) != 2)
		return header_error(error, IKE_PARSE_VERSION, 17);
	if (h->length < IKE_HDR_LEN || h->length != len)
		return header_error(error, IKE_PARSE_LENGTH, 24);
	if (len > IKE_MAX_MESSAGE)
		return header_error(error, IKE_PARSE_TOO_LONG, 24);
	return 0;
}

/* One payload whose generic header is next in r. Returns the next payload's type; failures are in
 * r. */
static uint8_t parse_payload(struct ike_msg *m, struct wire_reader *r, uint8_t type)
{
	struct ike_payload *p = &m->pld[m->n];
	uint8_t canonical = canonical_type(m->hdr.version, type);
	const struct payload_kind *k = kind_find(m->hdr.version, canonical);
	size_t left = wire_left(r);
	struct wire_reader sub;
	uint8_t next, flags;
	uint16_t len;

	memset(p, 0, sizeof(*p));
	p->type = canonical;
	p->wire_type = type;
	p->known = k != NULL;
	p->offset = wire_offset(r);
	next = wire_get_u8(r);
	flags = wire_get_u8(r);
	len = wire_get_u16(r);
	if (r->error)
		return 0;
	p->critical = major(m->hdr.version) == 2 && (flags & 0x80);
	if (major(m->hdr.version) == 1 && flags != 0)
		wire_fail(r, IKE_PARSE_RESERVED);
	if (len < IKE_PLD_HDR_LEN || len > left)
		wire_fail(r, IKE_PARSE_PAYLOAD_LENGTH);
	if (!k && p->critical)
		wire_fail(r, IKE_PARSE_CRITICAL);
	if (r->error)
		return 0;
	sub = wire_get_sub(r, len - IKE_PLD_HDR_LEN);
	p->body = (struct ike_view){sub.buf, sub.len};
	if (k && (sub.len < k->min || sub.len > k->max))
		wire_fail(&sub, IKE_PARSE_BODY);
	if (k && k->parse && !sub.error)
		k->parse(p, &sub);
	if (sub.error) {
		r->error = sub.error;
		r->error_at = sub.error_at;
	}
	return next;
}

static int chain_error(struct ike_msg *m, const struct wire_reader *r, uint8_t type)
{
	m->error = (struct ike_parse_error){
		.reason = (enum ike_parse_reason)r->error, .offset = r->error_at, .payload = type};
	m->n = 0;
	return -EBADMSG;
}

/* The chain of payloads in r, the first of the given type. */
static int parse_chain(struct ike_msg *m, struct wire_reader *r, uint8_t type, size_t slack)
{
	while (type != IKE_PLD_NONE) {
		uint8_t here = type;

		if (m->n == IKE_MAX_PAYLOADS)
			wire_fail(r, IKE_PARSE_TOO_MANY);
		else
			type = parse_payload(m, r, here);
		if (r->error)
			return chain_error(m, r, here);
		m->n++;
		/* The next field of SK and SKF is about what they enclose (RFC 7296 section 3.14).
		 */
		if (major(m->hdr.version) == 2 && (here == IKE2_PLD_SK || here == IKE2_PLD_SKF))
			type = IKE_PLD_NONE;
	}
	m->end = wire_offset(r);
	if (wire_left(r) > slack) {
		wire_fail(r, IKE_PARSE_TRAILING);
		return chain_error(m, r, 0);
	}
	return 0;
}

int ike_msg_parse_plain(struct ike_msg *m, const uint8_t *buf, size_t len, bool padded)
{
	struct wire_reader r;

	m->n = 0;
	m->buf = buf;
	m->len = len;
	m->end = 0;
	if (ike_msg_parse_header(&m->hdr, buf, len, &m->error) != 0)
		return -EBADMSG;
	wire_reader_init(&r, buf + IKE_HDR_LEN, len - IKE_HDR_LEN, IKE_HDR_LEN);
	return parse_chain(m, &r, m->hdr.next,
			   padded			? SIZE_MAX
			   : major(m->hdr.version) == 1 ? 3
							: 0);
}

int ike_msg_parse_inner(struct ike_msg *m, const struct ike_hdr *hdr, uint8_t first,
			const uint8_t *buf, size_t len)
{
	struct wire_reader r;

	m->n = 0;
	m->buf = buf;
	m->len = len;
	m->end = 0;
	m->hdr = *hdr;
	memset(&m->error, 0, sizeof(m->error));
	wire_reader_init(&r, buf, len, 0);
	if (parse_chain(m, &r, first, 0) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < m->n; i++) {
		if (m->pld[i].type == IKE2_PLD_SK || m->pld[i].type == IKE2_PLD_SKF) {
			wire_fail(&r, IKE_PARSE_NESTED);
			return chain_error(m, &r, m->pld[i].type);
		}
	}
	return 0;
}

int ike_msg_parse(struct ike_msg *m, const uint8_t *buf, size_t len)
{
	m->n = 0;
	m->buf = buf;
	m->len = len;
	m->end = IKE_HDR_LEN;
	if (ike_msg_parse_header(&m->hdr, buf, len, &m->error) != 0)
		return -EBADMSG;
	return ike_hdr_encrypted(&m->hdr) ? 0 : ike_msg_parse_plain(m, buf, len, false);
}

static const struct ike_payload *find_from(const struct ike_msg *m, size_t i, uint8_t type)
{
	for (; i < m->n; i++) {
		if (m->pld[i].type == type)
			return &m->pld[i];
	}
	return NULL;
}

const struct ike_payload *ike_msg_find(const struct ike_msg *m, uint8_t type)
{
	return find_from(m, 0, type);
}

const struct ike_payload *ike_msg_next(const struct ike_msg *m, const struct ike_payload *prev)
{
	return find_from(m, (size_t)(prev - m->pld) + 1, prev->type);
}

size_t ike_msg_count(const struct ike_msg *m, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->pld[i].type == type;
	return n;
}

struct ike_view ike_msg_after(const struct ike_msg *m, const struct ike_payload *p)
{
	size_t from = p->offset + IKE_PLD_HDR_LEN + p->body.len;

	return (struct ike_view){m->buf + from, m->end - from};
}

uint32_t ike_delete_spi(const struct ike_pld_delete *d, size_t i)
{
	struct wire_reader r;

	if (d->spi_size != 4 || i >= d->count)
		return 0;
	wire_reader_init(&r, d->spis.data, d->spis.len, 0);
	wire_skip(&r, i * 4);
	return wire_get_u32(&r);
}
