/* SPDX-License-Identifier: BSD-3-Clause */
/* sa_table.h - the tutorial's two SAs and its peer, as rows; for filter and print tests. */
#ifndef ESPGW_TEST_SA_TABLE_H
#define ESPGW_TEST_SA_TABLE_H

#include <string.h>

#include "control/model/menu_source.h"
#include "control/model/addr.h"

static const uint8_t sa_table_keys[4][16] = {
	{0x75, 0xdf, 0xa2, 0x4b, 0x76, 0xa5, 0x71, 0xdc, 0xc9, 0xec, 0xcb, 0xb5, 0xc4, 0x8b, 0x5b,
	 0x5d},
	{0xdf, 0x47, 0x09, 0x8b, 0xf7, 0x8a, 0x98, 0xa7, 0xbe, 0x4e, 0x45, 0xb1, 0xf2, 0xa6, 0x49,
	 0x08},
	{0x20, 0xe6, 0x3c, 0x4d, 0x95, 0x09, 0x5d, 0x1f, 0x8d, 0x96, 0xc9, 0xe5, 0xb0, 0xf2, 0x56,
	 0xcf},
	{0x8d, 0x33, 0xed, 0x1b, 0xea, 0x1d, 0x2d, 0xf3, 0x3f, 0x8a, 0xa8, 0xa2, 0x8f, 0xd0, 0x73,
	 0xb4},
};

static inline void sa_table_endpoint(struct value *v, const char *addr, uint16_t port)
{
	struct abi_addr a;

	addr_parse(addr, &a);
	value_set_addr(v, &a, port);
}

static inline void sa_table_row(struct value *v, uint32_t spi, const char *src, const char *dst,
				int keys, uint64_t bytes, uint64_t packets)
{
	menu_row_clear(v, INSTALLED_SA_PROPS);
	value_set_num(&v[SA_ESP], 1);
	value_set_num(&v[SA_SPI], spi);
	sa_table_endpoint(&v[SA_SRC], src, 4500);
	sa_table_endpoint(&v[SA_DST], dst, 4500);
	value_set_text(&v[SA_STATE], "mature");
	value_set_text(&v[SA_AUTH_ALGORITHM], "md5");
	value_set_text(&v[SA_ENC_ALGORITHM], "aes-cbc");
	value_set_num(&v[SA_ENC_KEY_SIZE], 128);
	value_set_bytes(&v[SA_AUTH_KEY], sa_table_keys[keys], 16);
	value_set_bytes(&v[SA_ENC_KEY], sa_table_keys[keys + 1], 16);
	value_set_num(&v[SA_ADDTIME], 1661707330);
	value_set_num(&v[SA_EXPIRES_IN], 19 * 60 + 17);
	value_set_pair(&v[SA_ADD_LIFETIME], 24 * 60, 30 * 60);
	value_set_num(&v[SA_CURRENT_BYTES], bytes);
	value_set_num(&v[SA_CURRENT_PACKETS], packets);
	value_set_num(&v[SA_REPLAY], 128);
}

/* Row 0 and 1 are the tutorial's; 2 is another peer's, encapsulated in nothing. */
static inline void sa_table_get(int i, struct value *v)
{
	switch (i) {
	case 0:
		sa_table_row(v, 0x2953159, "119.91.254.122", "113.87.48.200", 0, 3303, 19);
		break;
	case 1:
		sa_table_row(v, 0x8051BFF6, "113.87.48.200", "119.91.254.122", 2, 4121, 25);
		break;
	default:
		sa_table_row(v, 0x1000, "198.51.100.7", "203.0.113.2", 0, 0, 0);
		v[SA_SRC].port = v[SA_DST].port = 0;
		value_set_num(&v[SA_SEEN_TRAFFIC], 1);
		value_set_text(&v[SA_COMMENT], "branch one");
		value_set_text(&v[SA_STATE], "dying");
	}
}

static inline void sa_table_peer(struct value *v)
{
	menu_row_clear(v, ACTIVE_PEERS_PROPS);
	value_set_num(&v[ACTIVE_NATT], 1);
	value_set_text(&v[ACTIVE_COMMENT], "to_tencent");
	value_set_text(&v[ACTIVE_STATE], "established");
	value_set_num(&v[ACTIVE_UPTIME], 634);
	value_set_num(&v[ACTIVE_PH2_TOTAL], 1);
	sa_table_endpoint(&v[ACTIVE_REMOTE], "119.91.254.122", 0);
}

#endif
