/* SPDX-License-Identifier: BSD-3-Clause */
/* quick_life.c - the RESPONDER-LIFETIME notify (RFC 2407 section 4.6.3.1). */
#include "control/ike/lifetime.h"
#include "control/ike1/quick.h"

static void put(struct wire_writer *w, uint16_t type, uint64_t value)
{
	uint32_t v = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	wire_put_u16(w, IKE1_ATTR_BASIC | IKE1_P2_LIFE_TYPE);
	wire_put_u16(w, type);
	wire_put_u16(w, IKE1_P2_LIFE_DURATION);
	wire_put_u16(w, sizeof(v));
	wire_put_u32(w, v);
}

void quick_put_lifetime(struct wire_writer *w, const struct quick_life *life)
{
	put(w, IKE1_LIFE_SECONDS, life->seconds);
	if (life->kilobytes != 0)
		put(w, IKE1_LIFE_KILOBYTES, life->kilobytes);
}

/* What the attributes of a notify say, with the numbers of either phase; 0 where they say nothing.
 * Durations over 32 bits are as good as none. */
static struct quick_life life_of(struct ike_view data)
{
	struct quick_life life = {0};
	struct wire_reader r;
	uint32_t type = 0;

	wire_reader_init(&r, data.data, data.len, 0);
	while (wire_left(&r) > 0 && r.error == 0) {
		uint16_t attr = wire_get_u16(&r), len = wire_get_u16(&r);
		uint64_t value = len;

		if ((attr & IKE1_ATTR_BASIC) == 0) {
			struct ike_view bytes = wire_get_bytes(&r, len);

			value = 0;
			for (size_t i = 0; i < bytes.len; i++)
				value = value > UINT32_MAX ? value : value << 8 | bytes.data[i];
		}
		attr &= IKE1_ATTR_TYPE_MASK;
		if (attr == IKE1_P2_LIFE_TYPE || attr == IKE1_P1_LIFE_TYPE)
			type = (uint32_t)value;
		else if ((attr != IKE1_P2_LIFE_DURATION && attr != IKE1_P1_LIFE_DURATION) ||
			 value > UINT32_MAX)
			continue;
		else if (type == IKE1_LIFE_SECONDS)
			life.seconds = (uint32_t)value;
		else if (type == IKE1_LIFE_KILOBYTES)
			life.kilobytes = value;
	}
	return r.error == 0 ? life : (struct quick_life){0};
}

void quick_responder_lifetime(const struct ike_msg *m, uint8_t protocol, struct quick_life *life)
{
	const struct ike_payload *p;

	for (p = ike_msg_find(m, IKE1_PLD_NOTIFY); p != NULL; p = ike_msg_next(m, p)) {
		struct quick_life said = {0};

		if (p->notify.type == IKE1_N_RESPONDER_LIFETIME && p->notify.protocol == protocol)
			said = life_of(p->notify.data);
		if (said.seconds != 0 && said.seconds < life->seconds)
			life->seconds = said.seconds;
		life->kilobytes = lifetime_less_volume(life->kilobytes, said.kilobytes);
	}
}
