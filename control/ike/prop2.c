/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop2.c - decoding of IKEv2 SA payloads: proposals, transforms, attributes (RFC 7296 sections
 * 3.3.1, 3.3.2, 3.3.5).
 */
#include "control/ike/prop2.h"

#include <errno.h>
#include <string.h>

#define MORE_PROPOSALS	2u
#define MORE_TRANSFORMS 3u

static void join_error(struct wire_reader *r, const struct wire_reader *sub)
{
	if (sub->error && !r->error) {
		r->error = sub->error;
		r->error_at = sub->error_at;
	}
}

/* Header of a proposal or transform: the reader over its rest. *more: another one follows. */
static struct wire_reader open_nested(struct wire_reader *r, uint8_t mark, bool *more)
{
	size_t left = wire_left(r);
	uint8_t next = wire_get_u8(r);
	uint16_t len;

	wire_skip(r, 1);
	len = wire_get_u16(r);
	if (next != 0 && next != mark)
		wire_fail(r, IKE_PARSE_NESTED);
	if (len < IKE_PLD_HDR_LEN || len > left)
		wire_fail(r, IKE_PARSE_PAYLOAD_LENGTH);
	*more = next == mark;
	return wire_get_sub(r, r->error ? 0 : len - IKE_PLD_HDR_LEN);
}

static void parse_attr(struct prop2_transform *t, struct wire_reader *r)
{
	uint16_t type = wire_get_u16(r);
	uint16_t value = wire_get_u16(r);

	if (!(type & IKE1_ATTR_BASIC)) { /* value is a length */
		wire_skip(r, value);
		t->bad = true;
		return;
	}
	if ((type & IKE1_ATTR_TYPE_MASK) != IKE2_ATTR_KEY_LENGTH || t->key_bits != 0 || value == 0)
		t->bad = true;
	else
		t->key_bits = value;
}

static bool parse_transform(struct prop2_sa *sa, struct wire_reader *r)
{
	struct prop2_transform *t = &sa->transforms[sa->n_transforms];
	struct wire_reader sub;
	bool more = false;

	memset(t, 0, sizeof(*t));
	sub = open_nested(r, MORE_TRANSFORMS, &more);
	t->type = wire_get_u8(&sub);
	wire_skip(&sub, 1);
	t->id = wire_get_u16(&sub);
	for (size_t n = 0; wire_left(&sub) > 0; n++) {
		if (n == IKE_MAX_ATTRS)
			wire_fail(&sub, IKE_PARSE_TOO_MANY);
		else
			parse_attr(t, &sub);
	}
	join_error(r, &sub);
	sa->n_transforms++;
	return more;
}

static bool parse_proposal(struct prop2_sa *sa, struct wire_reader *r)
{
	struct prop2_proposal *p = &sa->proposals[sa->n_proposals];
	bool more = false, more_transforms = true;
	struct wire_reader sub;
	uint8_t spi_size, count;

	memset(p, 0, sizeof(*p));
	sub = open_nested(r, MORE_PROPOSALS, &more);
	p->number = wire_get_u8(&sub);
	p->protocol = wire_get_u8(&sub);
	spi_size = wire_get_u8(&sub);
	count = wire_get_u8(&sub);
	p->spi = wire_get_bytes(&sub, spi_size);
	p->first = sa->n_transforms;
	if (count == 0 || spi_size > IKE_COOKIE_LEN)
		wire_fail(&sub, IKE_PARSE_BODY);
	for (; p->n < count && !sub.error; p->n++) {
		if (sa->n_transforms == IKE2_MAX_TRANSFORMS)
			wire_fail(&sub, IKE_PARSE_TOO_MANY);
		else if (!more_transforms)
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

int prop2_decode(struct prop2_sa *sa, const struct ike_pld_sa *pld, struct ike_parse_error *error)
{
	struct wire_reader r;
	bool more = true;

	sa->n_proposals = 0;
	sa->n_transforms = 0;
	memset(error, 0, sizeof(*error));
	wire_reader_init(&r, pld->proposals.data, pld->proposals.len, pld->proposals_offset);
	while (more && !r.error) {
		if (sa->n_proposals == IKE2_MAX_PROPOSALS)
			wire_fail(&r, IKE_PARSE_TOO_MANY);
		else
			more = parse_proposal(sa, &r);
	}
	if (wire_left(&r) > 0)
		wire_fail(&r, IKE_PARSE_TRAILING);
	if (!r.error)
		return 0;
	*error = (struct ike_parse_error){.reason = (enum ike_parse_reason)r.error,
					  .offset = r.error_at,
					  .payload = IKE2_PLD_SA};
	sa->n_proposals = 0;
	sa->n_transforms = 0;
	return -EBADMSG;
}

bool prop2_single(const struct prop2_sa *sa)
{
	uint32_t seen = 0;

	if (sa->n_proposals != 1)
		return false;
	for (size_t i = 0; i < sa->n_transforms; i++) {
		uint8_t type = sa->transforms[i].type;

		if (type > 31 || (seen >> type & 1))
			return false;
		seen |= 1u << type;
	}
	return true;
}
