/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * domains.c - what each property accepts: ranges and words, and the words of RouterOS that are
 * known and refused, each with the reason and the nearest accepted one. Names of algorithms are
 * looked up in control/crypto/suite.h; everything else has its number here.
 */
#include "control/model/domains.h"

#include "control/crypto/suite.h"
#include "control/ike/conf.h"
#include "control/model/selectors.h"

#define OK(name, value)                                                                            \
	{                                                                                          \
		name, value, NULL, NULL                                                            \
	}
#define NO(name, refused, instead)                                                                 \
	{                                                                                          \
		name, 0, refused, instead                                                          \
	}
#define WORDS(...)	 ((const struct domain_word[]){__VA_ARGS__, {NULL, 0, NULL, NULL}})
#define LATER		 "is not built yet"
#define RFC8221_MUST_NOT "MUST NOT be used (RFC 8221 section 5)"
#define RFC8247_MUST_NOT "MUST NOT be used (RFC 8247 section 2.1)"
#define NO_ENGINE	 "has no engine here"
#define NO_EC2N		 "is an EC2N group; EC2N groups are not implemented"

const struct domain domain_none = {0};

const struct domain domain_ifname = {.min = 1, .max = ABI_NAME_LEN - 1};
const struct domain domain_name = {.min = 1, .max = IKE_CONF_NAME - 1};
const struct domain domain_comment = {.min = 0, .max = IKE_CONF_NAME - 1};
const struct domain domain_device = {.min = 1, .max = 199};
const struct domain domain_secret = {.min = 1, .max = 1024};
const struct domain domain_mtu = {.min = 576, .max = 9600};
const struct domain domain_distance = {.min = 1, .max = 255};
const struct domain domain_u32 = {.min = 0, .max = UINT32_MAX};
const struct domain domain_udp_port = {.min = 1, .max = 65535};
const struct domain domain_profile_lifetime = {.min = 5, .max = 31536000};
const struct domain domain_proposal_lifetime = {.min = 5, .max = 31536000};
const struct domain domain_dpd_interval = {.min = 1, .max = 3600, .off = "disable-dpd"};
const struct domain domain_dpd_failures = {.min = 1, .max = 100};
const struct domain domain_replay_window = {.min = 64, .max = 65536};
const struct domain domain_dscp = {.min = 0, .max = ABI_DSCP_MAX, .off = "inherit"};
const struct domain domain_workers = {.min = 1, .max = 63};
const struct domain domain_max_sas = {.min = 16, .max = 1 << 20};
const struct domain domain_max_policies = {.min = 1, .max = 1 << 16};
const struct domain domain_max_fragments = {.min = 16, .max = 1 << 14};
const struct domain domain_fragment_timeout = {.min = 1, .max = 120};

const struct domain domain_watch_interval = {.min = 100, .max = 60000};
const struct domain domain_watch_failures = {.min = 1, .max = 100};
const struct domain domain_watch_expect = {.min = 0, .max = 60000};

const struct domain domain_host4 = {.min = 1, .family = 4}; /* host bits belong to the value */
const struct domain domain_host6 = {.min = 1, .family = 6};
const struct domain domain_ip4 = {.family = 4};
const struct domain domain_ip6 = {.family = 6};

const struct domain domain_ref_interface = {.ref = MENU_INTERFACE};
const struct domain domain_ref_profile = {.ref = MENU_PROFILE};
const struct domain domain_ref_peer = {.ref = MENU_PEER};
const struct domain domain_ref_proposal = {.ref = MENU_PROPOSAL};
const struct domain domain_ref_group = {.ref = MENU_GROUP};

const struct domain domain_profile_hash = {
	.words = WORDS(OK("md5", 0), OK("sha1", 0), OK("sha256", 0), OK("sha384", 0),
		       OK("sha512", 0)),
};

const struct domain domain_profile_prf = {
	.words = WORDS(OK("auto", 0), OK("sha1", SUITE_HASH_SHA1), OK("sha256", SUITE_HASH_SHA256),
		       OK("sha384", SUITE_HASH_SHA384), OK("sha512", SUITE_HASH_SHA512)),
};

const struct domain domain_profile_enc = {
	.words = WORDS(
		OK("3des", 0), OK("aes-128", 0), OK("aes-192", 0), OK("aes-256", 0),
		OK("aes-128-gcm", 0), OK("aes-192-gcm", 0), OK("aes-256-gcm", 0),
		OK("chacha20poly1305", 0), /* IKEv2 alone: see validate_ike.c */
		NO("des", RFC8247_MUST_NOT, "aes-128"), NO("blowfish", RFC8247_MUST_NOT, "aes-128"),
		NO("camellia-128", NO_ENGINE, "aes-128"), NO("camellia-192", NO_ENGINE, "aes-192"),
		NO("camellia-256", NO_ENGINE, "aes-256"), NO("sm4", LATER, "aes-128")),
};

#define GROUPS                                                                                     \
	OK("modp768", 0), OK("modp1024", 0), OK("modp1536", 0), OK("modp2048", 0),                 \
		OK("modp3072", 0), OK("modp4096", 0), OK("modp6144", 0), OK("modp8192", 0),        \
		OK("ecp256", 0), OK("ecp384", 0), OK("ecp521", 0), OK("x25519", 0),                \
		OK("modp2048s256", 0), NO("dh24", "is called modp2048s256 here", "modp2048s256"),  \
		NO("modp1024s160", "MUST NOT be used (RFC 8247 section 2.4)", "modp2048"),         \
		NO("modp2048s224", "SHOULD NOT be used (RFC 8247 section 2.4)", "modp2048"),       \
		NO("ec2n155", NO_EC2N, "ecp256"), NO("ec2n185", NO_EC2N, "ecp256")

const struct domain domain_dh_group = {.words = WORDS(GROUPS)};
const struct domain domain_pfs_group = {.words = WORDS(OK("none", 0), GROUPS)};

const struct domain domain_esp_auth = {
	.words = WORDS(OK("md5", 0), OK("sha1", 0), OK("sha256", 0), OK("sha384", 0),
		       OK("sha512", 0),
		       OK("null", 0), /* what goes with gcm and chacha20poly1305: validate_esp.c */
		       OK("sha256_96", 0)), /* and what this goes with */
};

const struct domain domain_esp_enc = {
	.words = WORDS(OK("aes-128-cbc", 0), OK("aes-192-cbc", 0), OK("aes-256-cbc", 0),
		       OK("aes-128-gcm", 0), OK("aes-192-gcm", 0), OK("aes-256-gcm", 0),
		       OK("aes-128-ctr", 0), OK("aes-192-ctr", 0), OK("aes-256-ctr", 0),
		       OK("chacha20poly1305", 0), OK("3des", 0), OK("null", 0),
		       NO("sm4", LATER, "aes-128-cbc"), NO("des", RFC8221_MUST_NOT, "aes-128-cbc"),
		       NO("blowfish", RFC8221_MUST_NOT, "aes-128-cbc"),
		       NO("twofish", NO_ENGINE, "aes-256-cbc"),
		       NO("camellia-128", NO_ENGINE, "aes-128-cbc"),
		       NO("camellia-192", NO_ENGINE, "aes-192-cbc"),
		       NO("camellia-256", NO_ENGINE, "aes-256-cbc")),
};

const struct domain domain_proposal_check = {
	.words = WORDS(OK("obey", IKE_CHECK_OBEY), OK("strict", IKE_CHECK_STRICT),
		       OK("exact", IKE_CHECK_EXACT), OK("claim", IKE_CHECK_CLAIM)),
};

const struct domain domain_exchange_mode = {
	.words = WORDS(OK("main", IKE_MODE_MAIN), OK("aggressive", IKE_MODE_AGGRESSIVE),
		       OK("ike2", IKE_MODE_IKE2),
		       NO("base", "is not supported: no peer needs it", "main")),
};

const struct domain domain_peer_start = {
	.words = WORDS(OK("load", 0), OK("traffic", 1)),
};

const struct domain domain_selectors = {
	.words = WORDS(OK("per-pair", SELECTORS_PER_PAIR), OK("single-sa", SELECTORS_SINGLE),
		       OK("auto", SELECTORS_AUTO), OK("any", SELECTORS_ANY)),
};

const struct domain domain_generate = {
	.words = WORDS(OK("no", IKE_GENERATE_NO), OK("port-override", IKE_GENERATE_OVERRIDE),
		       OK("port-strict", IKE_GENERATE_STRICT)),
};

const struct domain domain_auth_method = {
	.words = WORDS(
		OK("pre-shared-key", 0), NO("digital-signature", LATER, "pre-shared-key"),
		NO("rsa-key", "(IKEv1) is not supported", "pre-shared-key"),
		NO("pre-shared-key-xauth", "(IKEv1) is for roaming users and is not supported",
		   "pre-shared-key"),
		NO("rsa-signature-hybrid", "(IKEv1) is for roaming users and is not supported",
		   "pre-shared-key"),
		NO("eap", "(IKEv2) is for roaming users and is not supported", "pre-shared-key"),
		NO("eap-radius", "(IKEv2) is for roaming users and is not supported",
		   "pre-shared-key")),
};

/* The names of the types are words too, so that messages can list them. */
const struct domain domain_ident_mine = {
	.words = WORDS(OK("auto", IKE_ID_AUTO), OK("address", IKE_ID_IPV4), OK("fqdn", IKE_ID_FQDN),
		       OK("user-fqdn", IKE_ID_USER_FQDN), OK("key-id", IKE_ID_KEY_ID),
		       NO("dn", "names a certificate, and certificates are not built yet", "fqdn")),
};

const struct domain domain_ident_remote = {
	.words = WORDS(OK("auto", IKE_ID_AUTO), OK("ignore", IKE_ID_IGNORE),
		       OK("address", IKE_ID_IPV4), OK("fqdn", IKE_ID_FQDN),
		       OK("user-fqdn", IKE_ID_USER_FQDN), OK("key-id", IKE_ID_KEY_ID),
		       NO("dn", "names a certificate, and certificates are not built yet", "fqdn")),
};

const struct domain domain_allow_weak = {
	.words = WORDS(OK("ikev1", SUITE_WEAK_IKEV1), OK("modp768", SUITE_WEAK_MODP768),
		       OK("modp1024", SUITE_WEAK_MODP1024), OK("modp1536", SUITE_WEAK_MODP1536),
		       OK("md5", SUITE_WEAK_MD5), OK("sha1", SUITE_WEAK_SHA1),
		       OK("3des", SUITE_WEAK_3DES), OK("null", SUITE_WEAK_NULL),
		       OK("aggressive", SUITE_WEAK_AGGRESSIVE),
		       OK("modp2048s256", SUITE_WEAK_MODP2048S256),
		       OK("short-secret", SUITE_WEAK_SHORT_SECRET),
		       NO("dh24", "is called modp2048s256 here", "modp2048s256"),
		       NO("des", "cannot be permitted: DES MUST NOT be used (RFC 8247)", NULL)),
};

const struct domain domain_policy_action = {
	.words = WORDS(OK("encrypt", ABI_ACT_PROTECT), OK("discard", ABI_ACT_DISCARD),
		       OK("none", ABI_ACT_BYPASS)),
};

const struct domain domain_policy_level = {
	.words = WORDS(OK("require", 0),
		       OK("unique", 0), /* as it is anyway: SAs belong to one policy */
		       OK("use", ABI_POL_F_ALLOW_CLEAR)),
};

const struct domain domain_ipsec_protocol = {
	.words = WORDS(OK("esp", 0), NO("ah", "does not encrypt and is not supported", "esp")),
};

const struct domain domain_protocol = {
	.words = WORDS(OK("all", 0), OK("icmp", 1), OK("igmp", 2), OK("ipip", 4), OK("tcp", 6),
		       OK("udp", 17), OK("gre", 47), OK("esp", 50), OK("ah", 51), OK("icmpv6", 58),
		       OK("ospf", 89), OK("pim", 103), OK("vrrp", 112), OK("l2tp", 115),
		       OK("sctp", 132), OK("udp-lite", 136),
		       /* read, and printed as above */
		       OK("ipencap", 4), OK("ipsec-esp", 50), OK("ipsec-ah", 51),
		       /* the rest of RouterOS's */
		       OK("ggp", 3), OK("st", 5), OK("egp", 8), OK("pup", 12), OK("hmp", 20),
		       OK("xns-idp", 22), OK("rdp", 27), OK("iso-tp4", 29), OK("dccp", 33),
		       OK("xtp", 36), OK("ddp", 37), OK("idpr-cmtp", 38), OK("ipv6", 41),
		       OK("ipv6-route", 43), OK("ipv6-frag", 44), OK("rsvp", 46),
		       OK("ipv6-nonxt", 59), OK("ipv6-opts", 60), OK("rspf", 73), OK("vmtp", 81),
		       OK("etherip", 97)),
};

const struct domain domain_dont_fragment = {
	.words =
		WORDS(OK("set", ABI_DF_SET), OK("inherit", ABI_DF_COPY), OK("clear", ABI_DF_CLEAR)),
};

const struct domain domain_idle = {
	.words = WORDS(OK("poll", 0), OK("sleep", 1)),
};

const struct domain domain_spray = {
	.words = WORDS(OK("auto", 1), OK("off", 0)),
};
