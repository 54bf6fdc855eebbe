/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop.c - decoding of IKEv1 SA payloads: proposals, transforms, attributes (RFC 2408 sections 3.3,
 * 3.5, 3.6).
 */
#include "control/ike/prop.h"

#include <errno.h>
#include <string.h>

#define BAD_NO_TYPE 0xffffu /* bad_attr when an attribute has the number 0 */

/* One attribute, basic or variable. */
struct attr {
	uint16_t type;
	uint64_t value;
	bool huge; /* does not fit 64 bits */
};

/* Where attributes of a phase go, and which follow no rule of their own. */
static uint16_t *attr_field(struct prop_transform *t, uint8_t phase, uint16_t type)
{
	if (phase == 1) {
		switch (type) {
		case IKE1_P1_ENCR:
			return &t->encr;
		case IKE1_P1_HASH:
			return &t->hash;
		case IKE1_P1_AUTH:
			return &t->auth;
		case IKE1_P1_GROUP:
			return &t->group;
		case IKE1_P1_KEY_LENGTH:
			return &t->key_bits;
		default:
			return NULL;
		}
	}
	switch (type) {
	case IKE1_P2_GROUP:
		return &t->group;
	case IKE1_P2_ENCAP:
		return &t->encap;
	case IKE1_P2_AUTH:
		return &t->auth;
	case IKE1_P2_KEY_LENGTH:
		return &t->key_bits;
	case IKE1_P2_ESN:
		return &t->esn;
	default:
		return NULL;
	}
}

static struct attr get_attr(struct wire_reader *r)
{
	uint16_t type = wire_get_u16(r);
	struct attr a = {.type = type & IKE1_ATTR_TYPE_MASK};
	struct ike_view v;

	if (type & IKE1_ATTR_BASIC) {
		a.value = wire_get_u16(r);
		return a;
	}
	v = wire_get_bytes(r, wire_get_u16(r));
	for (size_t i = 0; i < v.len; i++) {
		a.huge = a.huge || a.value >> 56;
		a.value = a.value << 8 | v.data[i];
	}
	return a;
}

/* Lifetimes come in pairs, type first: RFC 2409 appendix A, RFC 2407 section 4.5. False when this
 * one makes no sense. */
static bool take_life(struct prop_transform *t, const struct attr *a, bool is_type, uint16_t *unit)
{
	uint64_t *life;

	if (is_type) {
		*unit = a->value == IKE1_LIFE_SECONDS || a->value == IKE1_LIFE_KILOBYTES
				? (uint16_t)a->value
				: 0;
		return *unit != 0;
	}
	if (*unit == 0)
		return false;
	life = *unit == IKE1_LIFE_SECONDS ? &t->seconds : &t->kilobytes;
	*unit = 0;
	if (*life != 0)
		return false;
	*life = a->value;
	return true;
}

static bool take_attr(struct prop_transform *t, uint8_t phase, const struct attr *a, uint16_t *unit)
{
	uint16_t life_type = phase == 1 ? IKE1_P1_LIFE_TYPE : IKE1_P2_LIFE_TYPE;
	uint16_t life_duration = phase == 1 ? IKE1_P1_LIFE_DURATION : IKE1_P2_LIFE_DURATION;
	uint16_t *field = attr_field(t, phase, a->type);

	if (a->huge)
		return false;
	if (a->type == life_type || a->type == life_duration)
		return take_life(t, a, a->type == life_type, unit);
	/* 0 is reserved in every one of these registries; here it means "absent". */
	if (!field || *field != 0 || a->value == 0 || a->value > UINT16_MAX)
		return false;
	*field = (uint16_t)a->value;
	return true;
}

static void parse_attrs(struct prop_transform *t, uint8_t phase, struct wire_reader *r)
{
	uint16_t unit = 0;

	for (size_t n = 0; wire_left(r) > 0; n++) {
		struct attr a;

		if (n == IKE_MAX_ATTRS) {
			wire_fail(r, IKE_PARSE_TOO_MANY);
			return;
		}
		a = get_attr(r);
		if (!r->error && !take_attr(t, phase, &a, &unit) && t->bad_attr == 0)
			t->bad_attr = a.type ? a.type : BAD_NO_TYPE;
	}
}

/* The generic header of a proposal or transform: the reader over its rest. more: another of the
 * same type follows. */
static struct wire_reader open_nested(struct wire_reader *r, uint8_t type, bool *more)
{
	size_t left = wire_left(r);
	uint8_t next = wire_get_u8(r);
	uint16_t len;

	if (wire_get_u8(r) != 0)
		wire_fail(r, IKE_PARSE_RESERVED);
	len = wire_get_u16(r);
	if (next != IKE_PLD_NONE && next != type)
		wire_fail(r, IKE_PARSE_NESTED);
	if (len < IKE_PLD_HDR_LEN || len > left)
		wire_fail(r, IKE_PARSE_PAYLOAD_LENGTH);
	*more = next == type;
	return wire_get_sub(r, r->error ? 0 : len - IKE_PLD_HDR_LEN);
}

static void join_error(struct wire_reader *r, const struct wire_reader *sub)
{
	if (sub->error && !r->error) {
		r->error = sub->error;
		r->error_at = sub->error_at;
	}
}

static bool parse_transform(struct prop_sa *sa, struct wire_reader *r)
{
	struct prop_transform *t = &sa->transforms[sa->n_transforms];
	const uint8_t *start = r->buf + r->pos;
	struct wire_reader sub;
	bool more = false;

	memset(t, 0, sizeof(*t));
	sub = open_nested(r, IKE1_PLD_TRANSFORM, &more);
	t->raw = (struct ike_view){start, sub.len + IKE_PLD_HDR_LEN};
	t->number = wire_get_u8(&sub);
	t->id = wire_get_u8(&sub);
	wire_skip(&sub, 2);
	if (sa->phase == 2)
		t->encr = t->id;
	parse_attrs(t, sa->phase, &sub);
	join_error(r, &sub);
	sa->n_transforms++;
	return more;
}

static void check_spi(const struct prop_proposal *p, struct wire_reader *r)
{
	struct wire_reader spi;
	bool ipsec = p->protocol == IKE_PROTO_ESP || p->protocol == IKE_PROTO_AH;

	if (p->spi.len > IKE_MAX_COOKIE || (ipsec && p->spi.len != 4)) {
		wire_fail(r, IKE_PARSE_BODY);
		return;
	}
	wire_reader_init(&spi, p->spi.data, p->spi.len, 0);
	if (ipsec && wire_get_u32(&spi) < ABI_SPI_MIN)
		wire_fail(r, IKE_PARSE_BODY);
}

static bool parse_proposal(struct prop_sa *sa, struct wire_reader *r)
{
	struct prop_proposal *p = &sa->proposals[sa->n_proposals];
	struct wire_reader sub;
	bool more = false, more_transforms = true;
	uint8_t spi_size, count;

	memset(p, 0, sizeof(*p));
	sub = open_nested(r, IKE1_PLD_PROPOSAL, &more);
	p->number = wire_get_u8(&sub);
	p->protocol = wire_get_u8(&sub);
	spi_size = wire_get_u8(&sub);
	count = wire_get_u8(&sub);
	p->spi = wire_get_bytes(&sub, spi_size);
	if (!sub.error)
		check_spi(p, &sub);
	p->first = sa->n_transforms;
	if (count == 0)
		wire_fail(&sub, IKE_PARSE_BODY);
	if (count > IKE_MAX_TRANSFORMS)
		wire_fail(&sub, IKE_PARSE_TOO_MANY);
	for (; p->n < count && !sub.error; p->n++) {
		if (!more_transforms)
			wire_fail(&sub, IKE_PARSE_BODY);
		else
			more_transforms = parse_transform(sa, &sub);
	}
	if (more_transforms)
		wire_fail(&sub, IKE_PARSE_BODY);
	if (wire_left(&sub) > 0)
		wire_fail(&sub, IKE_PARSE_TRAILING);
	join_error(r, &sub);
	sa->n_proposals++;
	return more;
}

static void mark_bundles(struct prop_sa *sa)
{
	for (size_t i = 0; i < sa->n_proposals; i++) {
		for (size_t k = 0; k < sa->n_proposals; k++) {
			if (k != i && sa->proposals[k].number == sa->proposals[i].number)
				sa->proposals[i].bundle = true;
		}
	}
}

int prop_decode(struct prop_sa *sa, int phase, const struct ike_pld_sa *pld,
		struct ike_parse_error *error)
{
	struct wire_reader r;
	bool more = true;

	sa->phase = phase == 1 ? 1 : 2;
	sa->n_proposals = 0;
	sa->n_transforms = 0;
	memset(error, 0, sizeof(*error));
	wire_reader_init(&r, pld->proposals.data, pld->proposals.len, pld->proposals_offset);
	while (more && !r.error) {
		if (sa->n_proposals == IKE_MAX_PROPOSALS)
			wire_fail(&r, IKE_PARSE_TOO_MANY);
		else
			more = parse_proposal(sa, &r);
	}
	if (wire_left(&r) > 0)
		wire_fail(&r, IKE_PARSE_TRAILING);
	if (r.error) {
		*error = (struct ike_parse_error){.reason = (enum ike_parse_reason)r.error,
						  .offset = r.error_at,
						  .payload = IKE1_PLD_SA};
		sa->n_proposals = 0;
		sa->n_transforms = 0;
		return -EBADMSG;
	}
	mark_bundles(sa);
	return 0;
}

bool prop_single(const struct prop_sa *sa)
{
	return sa->n_proposals == 1 && sa->n_transforms == 1;
}
