/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop_print.c - proposals and their differences as text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"

static const char *const type_names[PROP_TYPES] = {
	[PROP_PROTOCOL] = "protocol", [PROP_TRANSFORM] = "transform", [PROP_ENCR] = "encr",
	[PROP_HASH] = "hash",	      [PROP_AUTH] = "auth-method",    [PROP_GROUP] = "dh-group",
	[PROP_INTEG] = "integ",	      [PROP_ENCAP] = "encap-mode",    [PROP_ESN] = "esn",
	[PROP_OTHER] = "attribute",
};

const char *prop_type_name(enum prop_type type)
{
	return (unsigned int)type < PROP_TYPES ? type_names[type] : "unknown";
}

struct number_text {
	uint16_t number;
	const char *text;
};

static const struct number_text protocols[] = {
	{IKE_PROTO_IKE, "isakmp"},
	{IKE_PROTO_AH, "ah"},
	{IKE_PROTO_ESP, "esp"},
	{IKE_PROTO_IPCOMP, "ipcomp"},
};
static const struct number_text encaps[] = {
	{IKE1_ENCAP_TUNNEL, "tunnel"},
	{IKE1_ENCAP_TRANSPORT, "transport"},
	{IKE1_ENCAP_UDP_TUNNEL, "udp-tunnel"},
	{IKE1_ENCAP_UDP_TRANSPORT, "udp-transport"},
	{IKE1_ENCAP_UDP_TUNNEL_DRAFT, "udp-tunnel-draft"},
	{IKE1_ENCAP_UDP_TRANSPORT_DRAFT, "udp-transport-draft"},
};
/* RFC 2409 appendix A; 65001 on: draft-ietf-ipsec-isakmp-xauth. */
static const struct number_text auths[] = {
	{IKE1_AUTH_PSK, "pre-shared-key"},
	{2, "dss-signature"},
	{3, "rsa-signature"},
	{4, "rsa-encryption"},
	{5, "revised-rsa-encryption"},
	{65001, "xauth-psk-initiator"},
	{65002, "xauth-psk-responder"},
	{65005, "xauth-rsa-initiator"},
	{65006, "xauth-rsa-responder"},
};
static const struct number_text transforms[] = {{IKE1_TRANSFORM_KEY_IKE, "key-ike"}};

static char *print_number(const struct number_text *t, size_t n, uint16_t value, char *buf,
			  size_t cap)
{
	for (size_t i = 0; i < n; i++) {
		if (t[i].number == value) {
			snprintf(buf, cap, "%s", t[i].text);
			return buf;
		}
	}
	snprintf(buf, cap, "unknown(%u)", value);
	return buf;
}
#define PRINT_NUMBER(t, v, buf, cap) print_number(t, sizeof(t) / sizeof((t)[0]), v, buf, cap)

static char *print_protocol(uint16_t value, char *buf, size_t cap)
{
	size_t n;

	PRINT_NUMBER(protocols, value & 0xff, buf, cap);
	n = strlen(buf);
	if (value > 0xff)
		snprintf(buf + n, cap - n, "-in-bundle");
	return buf;
}

char *prop_value_print(uint8_t phase, enum prop_type type, uint16_t value, uint16_t bits, char *buf,
		       size_t cap)
{
	if (cap == 0)
		return buf;
	if (value == 0) {
		snprintf(buf, cap, "none");
		return buf;
	}
	if (phase >= PROP_PHASE_IKE2) {
		if (type == PROP_ENCR)
			return suite_print_encr_ike2(value, bits, buf, cap);
		if (type == PROP_HASH)
			return suite_print_prf2(value, buf, cap);
		if (type == PROP_INTEG)
			return suite_print_integ2(value, buf, cap);
	}
	switch (type) {
	case PROP_PROTOCOL:
		return print_protocol(value, buf, cap);
	case PROP_TRANSFORM:
		return PRINT_NUMBER(transforms, value, buf, cap);
	case PROP_ENCR:
		return phase == 1 ? suite_print_encr_ike1(value, bits, buf, cap)
				  : suite_print_encr_esp1(value, bits, buf, cap);
	case PROP_HASH:
		return suite_print_hash_ike1(value, buf, cap);
	case PROP_AUTH:
		return PRINT_NUMBER(auths, value, buf, cap);
	case PROP_GROUP:
		return suite_print_group(value, buf, cap);
	case PROP_INTEG:
		return suite_print_auth1(value, buf, cap);
	case PROP_ENCAP:
		return PRINT_NUMBER(encaps, value, buf, cap);
	case PROP_ESN:
		snprintf(buf, cap, "%s", value == 1 ? "64-bit" : "unknown");
		return buf;
	default:
		snprintf(buf, cap, "type %u", value);
		return buf;
	}
}

/* snprintf at *at, which stays within cap. */
__attribute__((format(printf, 4, 5))) static void append(char *buf, size_t cap, size_t *at,
							 const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf + *at, cap - *at, format, ap);
	va_end(ap);
	if (n > 0)
		*at = *at + (size_t)n < cap ? *at + (size_t)n : cap - 1;
}

char *prop_diff_print(const struct prop_diff *diff, char *buf, size_t cap)
{
	char text[SUITE_MAX_NAME];
	size_t at = 0;

	if (cap == 0)
		return buf;
	buf[0] = '\0';
	for (unsigned int type = 0; type < PROP_TYPES; type++) {
		const struct prop_diff_type *t = &diff->types[type];

		if (!t->mismatch)
			continue;
		append(buf, cap, &at, "%s%s: received %s; configured ", at ? " | " : "",
		       type_names[type],
		       prop_value_print(diff->phase, type, t->nearest, t->nearest_bits, text,
					sizeof(text)));
		for (size_t i = 0; i < t->n_configured && i < PROP_DIFF_MAX; i++)
			append(buf, cap, &at, "%s%s", i ? ", " : "",
			       prop_value_print(diff->phase, type, t->configured[i].value,
						t->configured[i].bits, text, sizeof(text)));
		if (t->n_configured == 0)
			append(buf, cap, &at, "nothing");
	}
	if (at && diff->n_transforms > 1)
		append(buf, cap, &at, " (nearest of %u transforms)", diff->n_transforms);
	return buf;
}

char *prop_transform_print(uint8_t phase, const struct prop_transform *t, char *buf, size_t cap)
{
	char encr[SUITE_MAX_NAME], mac[SUITE_MAX_NAME], group[SUITE_MAX_NAME], mode[SUITE_MAX_NAME];

	prop_value_print(phase, PROP_ENCR, t->encr, t->key_bits, encr, sizeof(encr));
	if (phase == 1) {
		snprintf(buf, cap, "%s/%s/%s", encr,
			 prop_value_print(1, PROP_HASH, t->hash, 0, mac, sizeof(mac)),
			 prop_value_print(1, PROP_GROUP, t->group, 0, group, sizeof(group)));
		return buf;
	}
	snprintf(buf, cap, "esp %s/%s/%s/%s", encr,
		 prop_value_print(2, PROP_INTEG, t->auth, 0, mac, sizeof(mac)),
		 t->group ? prop_value_print(2, PROP_GROUP, t->group, 0, group, sizeof(group))
			  : "no-pfs",
		 prop_value_print(2, PROP_ENCAP, t->encap, 0, mode, sizeof(mode)));
	return buf;
}
