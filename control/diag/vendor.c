/* SPDX-License-Identifier: BSD-3-Clause */
/* vendor.c - changes in the words of products; see vendor.h. */
#include "control/diag/vendor.h"
#include "control/diag/vendor_templates.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/ident.h"
#include "control/ike/ts.h"
#include "control/ike/prop.h"

/* What a placeholder is made from. */
struct fill {
	const struct diag_change *c;
	enum ike_vendor vendor;
	char *out;
	size_t cap;
};

static bool phase2(const struct fill *x)
{
	return x->c->set == DIAG_SET_ESP_SUITE;
}

static void put(const struct fill *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(const struct fill *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->out, x->cap, fmt, ap);
	va_end(ap);
}

/* aes128, aes256gcm16, 3des: strongSwan's. */
static void swan_encr(const struct suite_encr *s, char *out, size_t cap)
{
	if (s->id == ABI_ENCR_AES_GCM_16)
		snprintf(out, cap, "aes%ugcm16", s->key_bits);
	else if (s->id == ABI_ENCR_AES_CTR)
		snprintf(out, cap, "aes%uctr", s->key_bits);
	else if (s->id == ABI_ENCR_AES_CBC)
		snprintf(out, cap, "aes%u", s->key_bits);
	else
		snprintf(out, cap, "%s", s->name);
}

static void fill_enc(const struct fill *x)
{
	const struct suite_encr *s =
		suite_encr_find(x->c->suite.encr.id, x->c->suite.encr.key_bits);

	if (s == NULL)
		return;
	if (x->vendor == IKE_VENDOR_TENCENT && s->id == ABI_ENCR_AES_CBC)
		put(x, "AES-CBC-%u", s->key_bits);
	else if (x->vendor == IKE_VENDOR_TENCENT && s->id == ABI_ENCR_AES_GCM_16)
		put(x, "AES%uGCM128", s->key_bits);
	else if (x->vendor == IKE_VENDOR_TENCENT && s->id == ABI_ENCR_3DES)
		put(x, "3DES-CBC");
	else if (x->vendor == IKE_VENDOR_ALIBABA && s->id == ABI_ENCR_AES_CBC && s->key_bits == 128)
		put(x, "aes");
	else if (x->vendor == IKE_VENDOR_ALIBABA && s->id == ABI_ENCR_AES_CBC)
		put(x, "aes%u", s->key_bits);
	else
		put(x, "%s", phase2(x) && x->vendor != IKE_VENDOR_HUAWEI ? s->name2 : s->name);
}

static const char *hash_name(const struct diag_change *c)
{
	const struct suite_integ *i = suite_integ_find(c->suite.integ);
	const struct suite_digest *d = suite_digest_find(c->suite.hash);

	if (c->set == DIAG_SET_ESP_SUITE)
		return i != NULL ? suite_integ_find_wire(i->wire)->name : "null";
	return d != NULL ? d->name : "";
}

static void fill_hash(const struct fill *x)
{
	const char *name = hash_name(x->c);

	if (x->vendor == IKE_VENDOR_TENCENT && strcmp(name, "sha1") == 0 && !phase2(x))
		name = "sha"; /* SHA in IKE, SHA1 in IPsec, SHA-256 in both */
	if (x->vendor == IKE_VENDOR_TENCENT && strncmp(name, "sha", 3) == 0 && strlen(name) == 6)
		put(x, "sha-%s", name + 3);
	else if (x->vendor == IKE_VENDOR_HUAWEI && strncmp(name, "sha", 3) == 0 &&
		 strlen(name) == 6)
		put(x, "sha2-%s", name + 3);
	else
		put(x, "%s", name);
	for (char *p = x->out; x->vendor == IKE_VENDOR_TENCENT && *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
}

static void fill_group(const struct fill *x)
{
	const struct suite_group *g = suite_group_find(x->c->suite.group);

	if (x->vendor == IKE_VENDOR_TENCENT)
		put(x, "GROUP%u", x->c->suite.group);
	else if (x->vendor == IKE_VENDOR_ALIBABA || x->vendor == IKE_VENDOR_HUAWEI)
		put(x, "group%u", x->c->suite.group);
	else
		put(x, "%s", g != NULL ? g->name : "none");
}

static void fill_pfs(const struct fill *x)
{
	if (x->vendor == IKE_VENDOR_HUAWEI)
		put(x, x->c->suite.group != 0 ? "pfs dh-group%u" : "undo pfs", x->c->suite.group);
	else if (x->c->suite.group == 0)
		put(x, "%s",
		    x->vendor == IKE_VENDOR_ALIBABA   ? "disabled"
		    : x->vendor == IKE_VENDOR_TENCENT ? "NULL"
						      : "none");
	else
		fill_group(x);
}

static void fill_suite(const struct fill *x)
{
	const struct diag_suite *t = &x->c->suite;
	const struct suite_encr *s = suite_encr_find(t->encr.id, t->encr.key_bits);
	const struct suite_group *g = suite_group_find(t->group);
	char encr[32] = "";

	if (s == NULL)
		return;
	swan_encr(s, encr, sizeof(encr));
	put(x, "%s%s%s%s%s", encr,
	    s->icv_len == 0 ? "-"
	    : phase2(x)	    ? ""
			    : "-prf",
	    s->icv_len != 0 && phase2(x) ? "" : hash_name(x->c), g != NULL ? "-" : "",
	    g != NULL ? g->name : "");
}

static void fill_mode(const struct fill *x)
{
	static const char *const names[] = {[IKE_MODE_MAIN] = "main",
					    [IKE_MODE_AGGRESSIVE] = "aggressive",
					    [IKE_MODE_IKE2] = "ike2"};

	if (x->vendor != IKE_VENDOR_ROUTEROS && x->c->mode != IKE_MODE_IKE2)
		put(x, "IKEv1 %s mode", names[x->c->mode]);
	else
		put(x, "%s", x->vendor == IKE_VENDOR_ROUTEROS ? names[x->c->mode] : "IKEv2");
}

static void fill_mode1(const struct fill *x)
{
	put(x, "%s", x->c->mode == IKE_MODE_AGGRESSIVE ? "aggressive" : "main");
}

static void fill_mode_upper(const struct fill *x)
{
	put(x, "%s", x->c->mode == IKE_MODE_AGGRESSIVE ? "AGGRESSIVE" : "MAIN");
}

static void fill_version(const struct fill *x)
{
	put(x, "%d", x->c->mode == IKE_MODE_IKE2 ? 2 : 1);
}

static void fill_ikev(const struct fill *x)
{
	put(x, "%s%d", x->vendor == IKE_VENDOR_TENCENT ? "IKEV" : "ikev",
	    x->c->mode == IKE_MODE_IKE2 ? 2 : 1);
}

static void fill_aggressive(const struct fill *x)
{
	put(x, "%s", x->c->mode == IKE_MODE_AGGRESSIVE ? "yes" : "no");
}

static bool looks_like_address(const char *s)
{
	uint8_t raw[16];

	return inet_pton(AF_INET, s, raw) == 1 || inet_pton(AF_INET6, s, raw) == 1;
}

static void fill_id(const struct fill *x)
{
	char text[IDENT_MAX_TEXT];
	const char *value;

	diag_id_text(&x->c->id, text, sizeof(text));
	value = strchr(text, ':');
	value = value != NULL ? value + 1 : text;
	if (x->vendor == IKE_VENDOR_ROUTEROS)
		put(x, "%s", text);
	else if (x->vendor == IKE_VENDOR_STRONGSWAN && x->c->id.type == IKE_ID_KEY_ID)
		put(x, "keyid:%s", value);
	else if (x->vendor == IKE_VENDOR_STRONGSWAN && x->c->id.type == IKE_ID_FQDN &&
		 looks_like_address(value))
		put(x, "fqdn:%s", value);
	else
		put(x, "%s", value);
}

static void fill_idtype(const struct fill *x)
{
	bool upper = x->vendor == IKE_VENDOR_TENCENT;

	switch (x->c->id.type) {
	case IKE_ID_IPV4:
	case IKE_ID_IPV6:
		put(x, "%s", upper ? "ADDRESS" : x->vendor == IKE_VENDOR_HUAWEI ? "ip" : "address");
		break;
	case IKE_ID_FQDN:
		put(x, "%s", upper ? "FQDN" : "fqdn");
		break;
	case IKE_ID_USER_FQDN:
		put(x, "user-fqdn");
		break;
	default:
		put(x, "key-id");
		break;
	}
}

static void addr_text(const struct abi_addr *a, char *out, size_t cap)
{
	if (inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, out, (socklen_t)cap) == NULL)
		snprintf(out, cap, "?");
}

static void fill_addr(const struct fill *x)
{
	addr_text(&x->c->addr, x->out, x->cap);
}

static void fill_local(const struct fill *x)
{
	if (x->c->locals[0] != '\0')
		put(x, "%s", x->c->locals);
	else
		diag_net_text(&x->c->local, x->out, x->cap);
}

static void fill_remote(const struct fill *x)
{
	if (x->c->remotes[0] != '\0')
		put(x, "%s", x->c->remotes);
	else
		diag_net_text(&x->c->remote, x->out, x->cap);
}

static void first_address(const struct abi_range *r, const struct fill *x)
{
	if (inet_ntop(r->family == 6 ? AF_INET6 : AF_INET, r->lo, x->out, (socklen_t)x->cap) ==
	    NULL)
		put(x, "?");
}

static void fill_localnet(const struct fill *x)
{
	first_address(&x->c->local, x);
}

static void fill_remotenet(const struct fill *x)
{
	first_address(&x->c->remote, x);
}

static void put_bits(const struct fill *x, const struct abi_range *r)
{
	int bits = ts_prefix_len(r);

	if (bits >= 0)
		put(x, "%d", bits);
	else
		put(x, "<prefix length>"); /* a range, which is no prefix */
}

static void fill_localbits(const struct fill *x)
{
	put_bits(x, &x->c->local);
}

static void fill_remotebits(const struct fill *x)
{
	put_bits(x, &x->c->remote);
}

/* 0.0.0.255 of a /24 */
static void wildcard(const struct abi_range *r, const struct fill *x)
{
	if (r->family == 6) { /* its rules take the prefix length */
		put_bits(x, r);
		return;
	}
	put(x, "%d.%d.%d.%d", r->hi[0] - r->lo[0], r->hi[1] - r->lo[1], r->hi[2] - r->lo[2],
	    r->hi[3] - r->lo[3]);
}

static void fill_localwild(const struct fill *x)
{
	wildcard(&x->c->local, x);
}

static void fill_remotewild(const struct fill *x)
{
	wildcard(&x->c->remote, x);
}

static void fill_tunnel(const struct fill *x)
{
	put(x, "%s", x->c->number != 0 ? "tunnel" : "transport");
}

static void fill_tunnelbool(const struct fill *x)
{
	put(x, "%s", x->c->number != 0 ? "yes" : "no");
}

static void fill_n(const struct fill *x)
{
	put(x, "%llu", (unsigned long long)x->c->number);
}

static const struct {
	const char *name;
	void (*fn)(const struct fill *x);
} fills[] = {
	{"enc", fill_enc},
	{"hash", fill_hash},
	{"group", fill_group},
	{"pfs", fill_pfs},
	{"suite", fill_suite},
	{"mode", fill_mode},
	{"mode1", fill_mode1},
	{"MODE", fill_mode_upper},
	{"version", fill_version},
	{"ikev", fill_ikev},
	{"aggressive", fill_aggressive},
	{"id", fill_id},
	{"idtype", fill_idtype},
	{"addr", fill_addr},
	{"local", fill_local},
	{"remote", fill_remote},
	{"localnet", fill_localnet},
	{"remotenet", fill_remotenet},
	{"remotehost", fill_remotenet},
	{"localbits", fill_localbits},
	{"remotebits", fill_remotebits},
	{"localwild", fill_localwild},
	{"remotewild", fill_remotewild},
	{"tunnel", fill_tunnel},
	{"tunnelbool", fill_tunnelbool},
	{"n", fill_n},
};

static bool fill_in(const char *name, size_t len, struct fill *x)
{
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		if (strlen(fills[i].name) != len || strncmp(fills[i].name, name, len) != 0)
			continue;
		x->out[0] = '\0';
		fills[i].fn(x);
		return true;
	}
	return false;
}

static void expand(const struct vendor_template *t, const struct diag_change *c,
		   enum ike_vendor vendor, struct diag_line *line)
{
	size_t at = 0;

	line->where = t->where;
	for (const char *p = t->text; *p != '\0' && at < sizeof(line->text) - 1; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		struct fill x = {c, vendor, line->text + at, sizeof(line->text) - at};

		if (end != NULL && fill_in(p + 1, (size_t)(end - p - 1), &x)) {
			at += strlen(line->text + at);
			p = end;
		} else {
			line->text[at++] = *p;
		}
	}
	line->text[at] = '\0';
}

static bool has_templates(enum ike_vendor vendor, enum diag_set set)
{
	const struct vendor_template *t;

	for (size_t i = 0; (t = vendor_template_at(i)) != NULL; i++) {
		if (t->vendor == vendor && t->set == set)
			return true;
	}
	return false;
}

/* true, false and numbers stand bare in the file. */
static bool bare(const struct diag_change *c)
{
	return strcmp(c->text, "yes") == 0 || strcmp(c->text, "no") == 0;
}

static void here_line(const struct diag_change *c, diag_line_fn *fn, void *ctx)
{
	struct diag_line line = {.where = ""};
	char menu[64];

	snprintf(menu, sizeof(menu), "%s", c->menu);
	for (char *p = menu; *p != '\0'; p++) {
		if (*p == ' ')
			*p = '.';
	}
	snprintf(line.text, sizeof(line.text), "%s %s=\"%s\"%s%s%s%s%s: %s = %s%s%s;", menu,
		 c->find[0][0], c->find[0][1], c->find[1][0][0] != '\0' ? " " : "", c->find[1][0],
		 c->find[1][0][0] != '\0' ? "=\"" : "", c->find[1][1],
		 c->find[1][0][0] != '\0' ? "\"" : "", c->prop, bare(c) ? "" : "\"",
		 !bare(c)		       ? c->text
		 : strcmp(c->text, "yes") == 0 ? "true"
					       : "false",
		 bare(c) ? "" : "\"");
	fn(ctx, &line);
}

/* A value as a RouterOS console takes it: in quotes when it is more than a word. */
static const char *console_word(const char *value, char *buf, size_t cap)
{
	size_t at = 0;

	if (value[0] != '\0' && value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
						    "STUVWXYZ0123456789-_.,:/@+*")] == '\0')
		return value;
	buf[at++] = '"';
	for (const char *p = value; *p != '\0' && at + 4 < cap; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			buf[at++] = '\\';
		buf[at++] = *p;
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

char *diag_routeros_line(const struct diag_change *c, char *buf, size_t cap)
{
	char first[264], second[264], value[648];
	bool two = c->find[1][0][0] != '\0';

	snprintf(buf, cap, "/%s set [find %s=%s%s%s%s%s] %s=%s", c->menu, c->find[0][0],
		 console_word(c->find[0][1], first, sizeof(first)), two ? " " : "", c->find[1][0],
		 two ? "=" : "", two ? console_word(c->find[1][1], second, sizeof(second)) : "",
		 c->prop, console_word(c->text, value, sizeof(value)));
	return buf;
}

void diag_lines(const struct diag_change *c, enum ike_vendor vendor, diag_line_fn *fn, void *ctx)
{
	const struct vendor_template *t;
	struct diag_line line;

	if (c->side == DIAG_HERE) {
		here_line(c, fn, ctx);
		return;
	}
	if (vendor == IKE_VENDOR_ESPGW) /* it speaks as RouterOS does */
		vendor = IKE_VENDOR_ROUTEROS;
	if (!has_templates(vendor, c->set))
		vendor = IKE_VENDOR_UNKNOWN;
	for (size_t i = 0; (t = vendor_template_at(i)) != NULL; i++) {
		if (t->vendor != vendor || t->set != c->set ||
		    (t->what != 0 && !(t->what & c->suite.what)))
			continue;
		expand(t, c, vendor, &line);
		fn(ctx, &line);
	}
}

char *diag_id_text(const struct ike_identity_conf *id, char *buf, size_t cap)
{
	char text[IDENT_MAX_TEXT];

	ident_print(id, text, sizeof(text));
	if (strncmp(text, "ipv4:", 5) == 0 || strncmp(text, "ipv6:", 5) == 0)
		snprintf(buf, cap, "address:%s", text + 5);
	else
		snprintf(buf, cap, "%s", text);
	return buf;
}

char *diag_net_text(const struct abi_range *r, char *buf, size_t cap)
{
	char *end;

	ts_print(r, buf, cap);
	end = strchr(buf, '[');
	if (end != NULL)
		*end = '\0';
	return buf;
}
