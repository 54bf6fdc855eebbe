/* SPDX-License-Identifier: BSD-3-Clause */
/* quick_life.c - the RESPONDER-LIFETIME notify (RFC 2407 section 4.6.3.1). */
#include "control/ike1/quick.h"

void quick_put_lifetime(struct wire_writer *w, uint32_t seconds)
{
	wire_put_u16(w, IKE1_ATTR_BASIC | IKE1_P2_LIFE_TYPE);
	wire_put_u16(w, IKE1_LIFE_SECONDS);
	wire_put_u16(w, IKE1_P2_LIFE_DURATION);
	wire_put_u16(w, sizeof(seconds));
	wire_put_u32(w, seconds);
}

/* Seconds in the attributes of a notify; 0 when there are none. Durations over 32 bits are as good
 * as none. */
static uint32_t seconds_of(struct ike_view data)
{
	uint32_t type = 0, seconds = 0;
	struct wire_reader r;

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
		if ((attr & IKE1_ATTR_TYPE_MASK) == IKE1_P2_LIFE_TYPE)
			type = (uint32_t)value;
		else if ((attr & IKE1_ATTR_TYPE_MASK) == IKE1_P2_LIFE_DURATION &&
			 type == IKE1_LIFE_SECONDS)
			seconds = value > UINT32_MAX ? 0 : (uint32_t)value;
	}
	return r.error == 0 ? seconds : 0;
}

uint32_t quick_responder_lifetime(const struct ike_msg *m, uint32_t ours)
{
	const struct ike_payload *p;

	for (p = ike_msg_find(m, IKE1_PLD_NOTIFY); p != NULL; p = ike_msg_next(m, p)) {
		uint32_t seconds = p->notify.type == IKE1_N_RESPONDER_LIFETIME
					   ? seconds_of(p->notify.data)
					   : 0;

		if (seconds != 0 && seconds < ours)
			ours = seconds;
	}
	return ours;
}
