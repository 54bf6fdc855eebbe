/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hmac_rfc.h - truncated HMAC vectors of RFC 2202, RFC 4231 and RFC 4868 (IETF; facts).
 *
 * Those whose key is no longer than the key of the ESP transform; a shorter one stands with the
 * zeros that HMAC pads it with (RFC 2104 section 2).
 */
#ifndef ESPGW_VECTORS_HMAC_RFC_H
#define ESPGW_VECTORS_HMAC_RFC_H

#include <stdint.h>

#include "dataplane/api/messages.h"

#define HMAC_RFC_COUNT 35u

static const struct {
	const char *source;
	uint8_t integ;
	const char *key;  /* hex */
	const char *data; /* hex */
	const char *icv;  /* hex, as much of it as the RFC gives */
} hmac_rfc[] = {
	{"RFC 2202 section 2, test case 1", ABI_INTEG_HMAC_MD5_96,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "9294727a3638bb1c13f48ef8"},
	{"RFC 2202 section 2, test case 2", ABI_INTEG_HMAC_MD5_96,
	 "4a656665000000000000000000000000",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "750c783e6ab0b503eaa86e31"},
	{"RFC 2202 section 2, test case 3", ABI_INTEG_HMAC_MD5_96,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "56be34521d144c88dbb8c733"},
	{"RFC 2202 section 2, test case 5", ABI_INTEG_HMAC_MD5_96,
	 "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
	 "56461ef2342edc00f9bab995"},
	{"RFC 2202 section 3, test case 1", ABI_INTEG_HMAC_SHA1_96,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	 "b617318655057264e28bc0b6"},
	{"RFC 2202 section 3, test case 2", ABI_INTEG_HMAC_SHA1_96,
	 "4a65666500000000000000000000000000000000",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "effcdf6ae5eb2fa2d27416d5"},
	{"RFC 2202 section 3, test case 3", ABI_INTEG_HMAC_SHA1_96,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "125d7342b9ac11cd91a39af4"},
	{"RFC 2202 section 3, test case 5", ABI_INTEG_HMAC_SHA1_96,
	 "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
	 "4c1a03424b55e07fe7f27be1"},
	{"RFC 4231 section 4.2, test case 1", ABI_INTEG_HMAC_SHA2_256_128,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000", "4869205468657265",
	 "b0344c61d8db38535ca8afceaf0bf12b"},
	{"RFC 4231 section 4.2, test case 1", ABI_INTEG_HMAC_SHA2_384_192,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000"
	 "00000000000000000000000000000000",
	 "4869205468657265", "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6"},
	{"RFC 4231 section 4.2, test case 1", ABI_INTEG_HMAC_SHA2_512_256,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000000",
	 "4869205468657265", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"},
	{"RFC 4231 section 4.3, test case 2", ABI_INTEG_HMAC_SHA2_256_128,
	 "4a65666500000000000000000000000000000000000000000000000000000000",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c7"},
	{"RFC 4231 section 4.3, test case 2", ABI_INTEG_HMAC_SHA2_384_192,
	 "4a65666500000000000000000000000000000000000000000000000000000000"
	 "00000000000000000000000000000000",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"},
	{"RFC 4231 section 4.3, test case 2", ABI_INTEG_HMAC_SHA2_512_256,
	 "4a65666500000000000000000000000000000000000000000000000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000000",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"},
	{"RFC 4231 section 4.4, test case 3", ABI_INTEG_HMAC_SHA2_256_128,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000000000000",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "773ea91e36800e46854db8ebd09181a7"},
	{"RFC 4231 section 4.4, test case 3", ABI_INTEG_HMAC_SHA2_384_192,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000000000000"
	 "00000000000000000000000000000000",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9feb"},
	{"RFC 4231 section 4.4, test case 3", ABI_INTEG_HMAC_SHA2_512_256,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000000",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"},
	{"RFC 4231 section 4.5, test case 4", ABI_INTEG_HMAC_SHA2_256_128,
	 "0102030405060708090a0b0c0d0e0f1011121314151617181900000000000000",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "82558a389a443c0ea4cc819899f2083a"},
	{"RFC 4231 section 4.5, test case 4", ABI_INTEG_HMAC_SHA2_384_192,
	 "0102030405060708090a0b0c0d0e0f1011121314151617181900000000000000"
	 "00000000000000000000000000000000",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "3e8a69b7783c25851933ab6290af6ca77a9981480850009c"},
	{"RFC 4231 section 4.5, test case 4", ABI_INTEG_HMAC_SHA2_512_256,
	 "0102030405060708090a0b0c0d0e0f1011121314151617181900000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000000",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"},
	{"RFC 4231 section 4.6, test case 5", ABI_INTEG_HMAC_SHA2_256_128,
	 "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c000000000000000000000000",
	 "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"},
	{"RFC 4231 section 4.6, test case 5", ABI_INTEG_HMAC_SHA2_384_192,
	 "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c000000000000000000000000"
	 "00000000000000000000000000000000",
	 "546573742057697468205472756e636174696f6e", "3abf34c3503b2a23a46efc619baef897"},
	{"RFC 4231 section 4.6, test case 5", ABI_INTEG_HMAC_SHA2_512_256,
	 "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c000000000000000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000000",
	 "546573742057697468205472756e636174696f6e", "415fad6271580a531d4179bc891d87a6"},
	{"RFC 4868 section 2.7.2, test case AUTH256-1", ABI_INTEG_HMAC_SHA2_256_128,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	 "198a607eb44bfbc69903a0f1cf2bbdc5"},
	{"RFC 4868 section 2.7.2, test case AUTH256-2", ABI_INTEG_HMAC_SHA2_256_128,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "167f928588c5cc2eef8e3093caa0e87c"},
	{"RFC 4868 section 2.7.2, test case AUTH256-3", ABI_INTEG_HMAC_SHA2_256_128,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "cdcb1220d1ecccea91e53aba3092f962"},
	{"RFC 4868 section 2.7.2, test case AUTH256-4", ABI_INTEG_HMAC_SHA2_256_128,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "372efcf9b40b35c2115b1346903d2ef4"},
	{"RFC 4868 section 2.7.2, test case AUTH384-1", ABI_INTEG_HMAC_SHA2_384_192,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"},
	{"RFC 4868 section 2.7.2, test case AUTH384-2", ABI_INTEG_HMAC_SHA2_384_192,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
	 "4a6566654a6566654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d"},
	{"RFC 4868 section 2.7.2, test case AUTH384-3", ABI_INTEG_HMAC_SHA2_384_192,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "809f439be00274321d4a538652164b53554a508184a0c316"},
	{"RFC 4868 section 2.7.2, test case AUTH384-4", ABI_INTEG_HMAC_SHA2_384_192,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	 "0a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "5b540085c6e6358096532b2493609ed1cb298f774f87bb5c"},
	{"RFC 4868 section 2.7.2, test case AUTH512-1", ABI_INTEG_HMAC_SHA2_512_256,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8"},
	{"RFC 4868 section 2.7.2, test case AUTH512-2", ABI_INTEG_HMAC_SHA2_512_256,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454"},
	{"RFC 4868 section 2.7.2, test case AUTH512-3", ABI_INTEG_HMAC_SHA2_512_256,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddddddddddddddd",
	 "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8"},
	{"RFC 4868 section 2.7.2, test case AUTH512-4", ABI_INTEG_HMAC_SHA2_512_256,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	 "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108"},
};
_Static_assert(sizeof(hmac_rfc) / sizeof(hmac_rfc[0]) == HMAC_RFC_COUNT, "a vector is missing");

#endif
