/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ident.c - identities of peers.
 */
#include "control/ike/ident.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Not configurable, but a peer may name itself by it and be compared as bytes. */
#define TYPE_DN ((enum ike_id_type)IKE1_ID_DER_ASN1_DN)

int ident_decode(struct ike_identity_conf *id, uint8_t type, struct ike_view data)
{
	size_t want = 0;

	memset(id, 0, sizeof(*id));
	switch (type) {
	case IKE_ID_IPV4:
		want = 4;
		break;
	case IKE_ID_IPV6:
		want = 16;
		break;
	case IKE_ID_FQDN:
	case IKE_ID_USER_FQDN:
		/* A text that ends early for some readers and not for others is no name. */
		if (data.len && memchr(data.data, '\0', data.len))
			return -EINVAL;
		break;
	case IKE_ID_KEY_ID:
	case IKE1_ID_DER_ASN1_DN:
		break;
	default:
		return -ENOTSUP;
	}
	if (data.len == 0 || (want && data.len != want))
		return -EINVAL;
	if (data.len > sizeof(id->data))
		return -EMSGSIZE;
	id->type = (enum ike_id_type)type;
	id->len = (uint16_t)data.len;
	memcpy(id->data, data.data, data.len);
	return 0;
}

void ident_put_ike1(struct wire_writer *w, const struct ike_identity_conf *id, uint16_t port)
{
	wire_put_u8(w, (uint8_t)id->type);
	wire_put_u8(w, port ? IKE_PROTO_NUM_UDP : 0);
	wire_put_u16(w, port);
	wire_put_bytes(w, id->data, id->len);
}

bool ident_port_ok(const struct ike_pld_id *pld)
{
	if (pld->protocol == 0)
		return pld->port == 0;
	return pld->protocol == IKE_PROTO_NUM_UDP &&
	       (pld->port == 0 || pld->port == IKE_PORT || pld->port == IKE_PORT_NATT);
}

int ident_from_addr(struct ike_identity_conf *id, const struct abi_addr *addr)
{
	memset(id, 0, sizeof(*id));
	if (addr->family != 4 && addr->family != 6)
		return -EINVAL;
	id->type = addr->family == 4 ? IKE_ID_IPV4 : IKE_ID_IPV6;
	id->len = addr->family == 4 ? 4 : 16;
	memcpy(id->data, addr->bytes, id->len);
	return 0;
}

/* Length of the part of a text identity whose case counts: the local part of a USER_FQDN. */
static size_t exact_part(const struct ike_identity_conf *id)
{
	const uint8_t *at = NULL;

	if (id->type == IKE_ID_USER_FQDN)
		at = memrchr(id->data, '@', id->len);
	if (at)
		return (size_t)(at - id->data);
	return id->type == IKE_ID_FQDN ? 0 : id->len;
}

bool ident_equal(const struct ike_identity_conf *a, const struct ike_identity_conf *b)
{
	size_t exact;

	if (a->type != b->type || a->len != b->len || a->len > sizeof(a->data))
		return false;
	exact = exact_part(a);
	if (exact != exact_part(b))
		return false;
	return memcmp(a->data, b->data, exact) == 0 &&
	       strncasecmp((const char *)a->data + exact, (const char *)b->data + exact,
			   a->len - exact) == 0;
}

bool ident_match(const struct ike_identity_conf *configured,
		 const struct ike_identity_conf *received)
{
	if (configured->type == IKE_ID_IGNORE || configured->type == IKE_ID_AUTO)
		return true;
	return ident_equal(configured, received);
}

/* What a configuration file, swanctl.conf or a console would take for more than a letter:
 * identities of peers stand in lines that people paste there. */
static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && strchr("\\\"'`;#$(){}[]<>|&", c) == NULL;
}

/* text with everything unprintable as \xNN, cut to cap. */
static void print_text(const char *prefix, const uint8_t *data, size_t len, char *buf, size_t cap)
{
	size_t at = strlen(prefix);

	snprintf(buf, cap, "%s", prefix);
	for (size_t i = 0; i < len && at + 5 <= cap; i++) {
		at += (size_t)snprintf(buf + at, cap - at, is_plain(data[i]) ? "%c" : "\\x%02x",
				       data[i]);
	}
}

static void print_hex(const char *prefix, const uint8_t *data, size_t len, char *buf, size_t cap)
{
	size_t at = strlen(prefix);

	snprintf(buf, cap, "%s", prefix);
	for (size_t i = 0; i < len && at + 3 <= cap; i++)
		at += (size_t)snprintf(buf + at, cap - at, "%02x", data[i]);
}

static bool all_printable(const struct ike_identity_conf *id, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (id->data[i] <= ' ' || id->data[i] >= 0x7f)
			return false;
	}
	return len != 0;
}

char *ident_print(const struct ike_identity_conf *id, char *buf, size_t cap)
{
	size_t len = id->len < sizeof(id->data) ? id->len : sizeof(id->data);
	char addr[INET6_ADDRSTRLEN] = "?";

	switch ((int)id->type) {
	case IKE_ID_AUTO:
		snprintf(buf, cap, "auto");
		break;
	case IKE_ID_IGNORE:
		snprintf(buf, cap, "ignore");
		break;
	case IKE_ID_IPV4:
		inet_ntop(AF_INET, id->data, addr, sizeof(addr));
		snprintf(buf, cap, "ipv4:%s", addr);
		break;
	case IKE_ID_IPV6:
		inet_ntop(AF_INET6, id->data, addr, sizeof(addr));
		snprintf(buf, cap, "ipv6:%s", addr);
		break;
	case IKE_ID_FQDN:
		print_text("fqdn:", id->data, len, buf, cap);
		break;
	case IKE_ID_USER_FQDN:
		print_text("user-fqdn:", id->data, len, buf, cap);
		break;
	case IKE_ID_KEY_ID:
		if (all_printable(id, len))
			print_text("key-id:", id->data, len, buf, cap);
		else
			print_hex("key-id:0x", id->data, len, buf, cap);
		break;
	case TYPE_DN:
		print_hex("dn:0x", id->data, len, buf, cap);
		break;
	default:
		snprintf(buf, cap, "type-%d", (int)id->type);
	}
	return buf;
}
