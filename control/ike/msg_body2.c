/* SPDX-License-Identifier: BSD-3-Clause */
/* msg_body2.c - bodies of IKEv2's payloads (RFC 7296 sections 3.3 to 3.13). Reserved fields are
 * ignored, as section 3 demands. */
#include "control/ike/msg_body2.h"

#define TS_HEAD 4u /* type, protocol, length */

void msg_body2_sa(struct ike_payload *p, struct wire_reader *r)
{
	p->sa.proposals_offset = wire_offset(r);
	p->sa.proposals = wire_get_rest(r);
}

void msg_body2_ke(struct ike_payload *p, struct wire_reader *r)
{
	p->ke.group = wire_get_u16(r);
	wire_skip(r, 2);
	p->ke.data = wire_get_rest(r);
}

void msg_body2_id(struct ike_payload *p, struct wire_reader *r)
{
	p->id.type = wire_get_u8(r);
	wire_skip(r, 3);
	p->id.data = wire_get_rest(r);
}

void msg_body2_auth(struct ike_payload *p, struct wire_reader *r)
{
	p->auth.method = wire_get_u8(r);
	wire_skip(r, 3);
	p->auth.data = wire_get_rest(r);
}

void msg_body2_notify(struct ike_payload *p, struct wire_reader *r)
{
	uint8_t spi_size;

	p->notify.protocol = wire_get_u8(r);
	spi_size = wire_get_u8(r);
	p->notify.type = wire_get_u16(r);
	if (spi_size > IKE_MAX_COOKIE)
		wire_fail(r, IKE_PARSE_BODY);
	p->notify.spi = wire_get_bytes(r, spi_size);
	p->notify.data = wire_get_rest(r);
}

void msg_body2_delete(struct ike_payload *p, struct wire_reader *r)
{
	struct ike_pld_delete *d = &p->del;

	d->protocol = wire_get_u8(r);
	d->spi_size = wire_get_u8(r);
	d->count = wire_get_u16(r);
	if (d->count > IKE_MAX_SPIS)
		wire_fail(r, IKE_PARSE_TOO_MANY);
	if ((size_t)d->count * d->spi_size != wire_left(r) ||
	    (d->protocol == IKE_PROTO_IKE && (d->spi_size != 0 || d->count != 0)) ||
	    ((d->protocol == IKE_PROTO_ESP || d->protocol == IKE_PROTO_AH) && d->spi_size != 4))
		wire_fail(r, IKE_PARSE_BODY);
	d->spis = wire_get_rest(r);
}

void msg_body2_ts(struct ike_payload *p, struct wire_reader *r)
{
	struct wire_reader walk;

	p->ts.count = wire_get_u8(r);
	wire_skip(r, 3);
	if (p->ts.count > IKE2_MAX_TS)
		wire_fail(r, IKE_PARSE_TOO_MANY);
	if (p->ts.count == 0)
		wire_fail(r, IKE_PARSE_BODY);
	walk = *r;
	for (unsigned i = 0; i < p->ts.count && !walk.error; i++) {
		uint16_t len;

		wire_skip(&walk, 2);
		len = wire_get_u16(&walk);
		if (len < TS_HEAD)
			wire_fail(&walk, IKE_PARSE_BODY);
		else
			wire_skip(&walk, len - TS_HEAD);
	}
	if (wire_left(&walk) != 0)
		wire_fail(&walk, IKE_PARSE_BODY);
	if (walk.error && !r->error) {
		r->error = walk.error;
		r->error_at = walk.error_at;
	}
	p->ts.selectors = wire_get_rest(r);
}
