/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_out_each6.c - packets of a burst of many SAs, with IPv6 inside, outside or both. UDP between
 * IPv6 addresses has a checksum, and is left to esp_shape_out.c. */
#include "dataplane/ipsec/esp_out_each.h"

EACH_RUN(over6_cbc_4, OUTER6_PLAIN, true, false)
EACH_RUN(over6_cbc_6, OUTER6_PLAIN, true, true)
EACH_RUN(over6_4, OUTER6_PLAIN, false, false)
EACH_RUN(over6_6, OUTER6_PLAIN, false, true)
EACH_RUN(over4_cbc_6, OUTER4_PLAIN, true, true)
EACH_RUN(over4_6, OUTER4_PLAIN, false, true)
EACH_RUN(over_udp4_cbc_6, OUTER4_UDP, true, true)
EACH_RUN(over_udp4_6, OUTER4_UDP, false, true)

uint32_t esp_out_each6(const struct each *e, uint32_t i)
{
	const struct sa *sa = e->owners->sa[i];
	bool six = (pkt_meta(e->owners->pkt[i])->flags & PKT_F_IPV6) != 0;
	bool cbc = sa->iv_len == AES_IV;

	if (sa->shape & SA_SHAPE_OUTER6) {
		if (six)
			return cbc ? over6_cbc_6(e, i) : over6_6(e, i);
		return cbc ? over6_cbc_4(e, i) : over6_4(e, i);
	}
	if (sa_brief_length(sa) == OUTER4_PLAIN)
		return cbc ? over4_cbc_6(e, i) : over4_6(e, i);
	return cbc ? over_udp4_cbc_6(e, i) : over_udp4_6(e, i);
}
