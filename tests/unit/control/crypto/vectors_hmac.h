/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors_hmac.h - published HMAC test cases as hex. A short result is a truncated one.
 */
#ifndef ESPGW_TEST_VECTORS_HMAC_H
#define ESPGW_TEST_VECTORS_HMAC_H

#include "control/crypto/suite.h"

struct hmac_vector {
	const char *source;
	enum suite_hash hash;
	const char *key, *data, *mac;
};

/* As pseudo-random functions and plain MACs; RFC 4868 section 2.7.1 repeats those of RFC 4231. */
static const struct hmac_vector hmac_vectors[] = {
	{"RFC 2202 section 2 case 1", SUITE_HASH_MD5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "9294727a3638bb1c13f48ef8158bfc9d"},
	{"RFC 2202 section 2 case 2", SUITE_HASH_MD5, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "750c783e6ab0b503eaa86e310a5db738"},
	{"RFC 2202 section 2 case 3", SUITE_HASH_MD5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "56be34521d144c88dbb8c733f0e8b3f6"},
	{"RFC 2202 section 2 case 4", SUITE_HASH_MD5,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "697eaf0aca3a3aea3a75164746ffaa79"},
	{"RFC 2202 section 2 case 5", SUITE_HASH_MD5, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "56461ef2342edc00f9bab995690efd4c"},
	{"RFC 2202 section 2 case 6", SUITE_HASH_MD5,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "2d2048617368204b6579204669727374",
	 "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
	{"RFC 2202 section 2 case 7", SUITE_HASH_MD5,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "616e64204c6172676572205468616e204f6e6520426c6f636b2d53697a652044617461",
	 "6f630fad67cda0ee1fb1f562db3aa53e"},
	{"RFC 2202 section 3 case 1", SUITE_HASH_SHA1, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "b617318655057264e28bc0b6fb378c8ef146be00"},
	{"RFC 2202 section 3 case 2", SUITE_HASH_SHA1, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	{"RFC 2202 section 3 case 3", SUITE_HASH_SHA1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
	{"RFC 2202 section 3 case 4", SUITE_HASH_SHA1,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
	{"RFC 2202 section 3 case 5", SUITE_HASH_SHA1, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
	{"RFC 2202 section 3 case 6", SUITE_HASH_SHA1,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "2d2048617368204b6579204669727374",
	 "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	{"RFC 2202 section 3 case 7", SUITE_HASH_SHA1,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "616e64204c6172676572205468616e204f6e6520426c6f636b2d53697a652044617461",
	 "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
	{"RFC 4231 section 4.2", SUITE_HASH_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"RFC 4231 section 4.3", SUITE_HASH_SHA256, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"RFC 4231 section 4.4", SUITE_HASH_SHA256, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{"RFC 4231 section 4.5", SUITE_HASH_SHA256,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	{"RFC 4231 section 4.6", SUITE_HASH_SHA256, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"},
	{"RFC 4231 section 4.7", SUITE_HASH_SHA256,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "2d2048617368204b6579204669727374",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{"RFC 4231 section 4.8", SUITE_HASH_SHA256,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f"
	 "636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d7369"
	 "7a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265"
	 "666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
	 "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	{"RFC 4231 section 4.2", SUITE_HASH_SHA384, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265",
	 "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076e"
	 "de7f4af152e8b2fa9cb6"},
	{"RFC 4231 section 4.3", SUITE_HASH_SHA384, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69"
	 "e2c78b3239ecfab21649"},
	{"RFC 4231 section 4.4", SUITE_HASH_SHA384, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc138"
	 "14b94e3ab6e101a34f27"},
	{"RFC 4231 section 4.5", SUITE_HASH_SHA384,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7"
	 "d679ccf8a386c674cffb"},
	{"RFC 4231 section 4.6", SUITE_HASH_SHA384, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "3abf34c3503b2a23a46efc619baef897"},
	{"RFC 4231 section 4.7", SUITE_HASH_SHA384,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "2d2048617368204b6579204669727374",
	 "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030"
	 "fe8296248df163f44952"},
	{"RFC 4231 section 4.8", SUITE_HASH_SHA384,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f"
	 "636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d7369"
	 "7a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265"
	 "666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
	 "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799"
	 "176d3860e6110c46523e"},
	{"RFC 4231 section 4.2", SUITE_HASH_SHA512, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265",
	 "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8"
	 "a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
	{"RFC 4231 section 4.3", SUITE_HASH_SHA512, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a"
	 "994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
	{"RFC 4231 section 4.4", SUITE_HASH_SHA512, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a7"
	 "22c806b485a47e67c807b946a337bee8942674278859e13292fb"},
	{"RFC 4231 section 4.5", SUITE_HASH_SHA512,
	 "0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa2"
	 "5eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"},
	{"RFC 4231 section 4.6", SUITE_HASH_SHA512, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "415fad6271580a531d4179bc891d87a6"},
	{"RFC 4231 section 4.7", SUITE_HASH_SHA512,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920"
	 "2d2048617368204b6579204669727374",
	 "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f"
	 "2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
	{"RFC 4231 section 4.8", SUITE_HASH_SHA512,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f"
	 "636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d7369"
	 "7a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265"
	 "666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
	 "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c49"
	 "82b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"},
};

/* As ESP integrity: key as long as the digest, half of the result. */
static const struct hmac_vector auth_vectors[] = {
	{"RFC 4868 section 2.7.2 AUTH256-1", SUITE_HASH_SHA256,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	 "198a607eb44bfbc69903a0f1cf2bbdc5"},
	{"RFC 4868 section 2.7.2 AUTH256-2", SUITE_HASH_SHA256,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "167f928588c5cc2eef8e3093caa0e87c"},
	{"RFC 4868 section 2.7.2 AUTH256-3", SUITE_HASH_SHA256,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "cdcb1220d1ecccea91e53aba3092f962"},
	{"RFC 4868 section 2.7.2 AUTH256-4", SUITE_HASH_SHA256,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "372efcf9b40b35c2115b1346903d2ef4"},
	{"RFC 4868 section 2.7.2 AUTH384-1", SUITE_HASH_SHA384,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	 "0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"},
	{"RFC 4868 section 2.7.2 AUTH384-2", SUITE_HASH_SHA384,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a65"
	 "66654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d"},
	{"RFC 4868 section 2.7.2 AUTH384-3", SUITE_HASH_SHA384,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "809f439be00274321d4a538652164b53554a508184a0c316"},
	{"RFC 4868 section 2.7.2 AUTH384-4", SUITE_HASH_SHA384,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f200a0b0c0d0e0f"
	 "10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "5b540085c6e6358096532b2493609ed1cb298f774f87bb5c"},
	{"RFC 4868 section 2.7.2 AUTH512-1", SUITE_HASH_SHA512,
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	 "4869205468657265", "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8"},
	{"RFC 4868 section 2.7.2 AUTH512-2", SUITE_HASH_SHA512,
	 "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a65"
	 "66654a6566654a6566654a6566654a6566654a6566654a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454"},
	{"RFC 4868 section 2.7.2 AUTH512-3", SUITE_HASH_SHA512,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	 "dddddddddddddddddddddddd",
	 "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8"},
	{"RFC 4868 section 2.7.2 AUTH512-4", SUITE_HASH_SHA512,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526"
	 "2728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	 "cdcdcdcdcdcdcdcdcdcdcdcd",
	 "5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108"},
};

#endif
