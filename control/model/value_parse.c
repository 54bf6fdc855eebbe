/* SPDX-License-Identifier: BSD-3-Clause */
/* value_parse.c - from text to a value, by the property's type and domain. */
#include "control/model/value_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/duration.h"
#include "control/model/hostname.h"
#include "control/model/ident_text.h"
#include "control/model/model.h"
#include "control/model/psk.h"
#include "control/model/suggest.h"

int value_parse_number(const char *s, uint64_t *n)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	const char *digits = hex ? s + 2 : s;
	char *end;

	if (*digits == '\0' ||
	    strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return -EINVAL;
	errno = 0;
	*n = strtoull(digits, &end, hex ? 16 : 10);
	return errno || *end ? -EINVAL : 0;
}

int value_parse_prefix(const char *s, struct abi_addr *addr, uint8_t *len)
{
	char part[ADDR_MAX_TEXT];
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	uint64_t bits;

	if (n >= sizeof(part))
		return -EINVAL;
	memcpy(part, s, n);
	part[n] = '\0';
	if (addr_parse(part, addr))
		return -EINVAL;
	bits = addr_bits(addr);
	if (slash && (value_parse_number(slash + 1, &bits) || bits > addr_bits(addr)))
		return -EINVAL;
	*len = (uint8_t)bits;
	return 0;
}

int value_find_word(const struct domain *d, const char *word, size_t len)
{
	for (int i = 0; d->words && d->words[i].name; i++)
		if (strlen(d->words[i].name) == len && memcmp(d->words[i].name, word, len) == 0)
			return i;
	return -1;
}

static void list_words(const struct domain *d, struct text *why)
{
	const char *sep = "; accepted: ";

	for (const struct domain_word *w = d->words; w->name; w++) {
		if (w->refused)
			continue;
		text_printf(why, "%s%s", sep, w->name);
		sep = ", ";
	}
}

/* One word of an enumeration or list: its index, or -EINVAL and why. */
static int parse_word(const struct domain *d, const char *word, size_t len, struct text *why)
{
	const struct domain_word *w;
	struct suggest near;
	char unknown[SUGGEST_MAX_LEN + 2], hint[SUGGEST_MAX_LEN * 2];
	int i = value_find_word(d, word, len);

	if (i >= 0 && !d->words[i].refused)
		return i;
	if (i >= 0) {
		w = &d->words[i];
		text_printf(why, "\"%s\" %s", w->name, w->refused);
		if (w->instead)
			text_printf(why, "; nearest accepted: \"%s\"", w->instead);
		return -EINVAL;
	}
	snprintf(unknown, sizeof(unknown), "%.*s", (int)(len < sizeof(unknown) ? len : 0), word);
	suggest_start(&near, unknown);
	for (w = d->words; w->name; w++)
		if (!w->refused)
			suggest_offer(&near, w->name);
	text_printf(why, "\"%.*s\" is not known", (int)len, word);
	list_words(d, why);
	text_puts(why, suggest_text(&near, hint, sizeof(hint)));
	return -EINVAL;
}

static int parse_list(const struct domain *d, const char *text, struct value *v, struct text *why)
{
	const char *p = text;

	v->n = 0;
	while (*p) {
		size_t len = strcspn(p, ",");
		int i = parse_word(d, p, len, why);

		if (i < 0)
			return i;
		for (unsigned k = 0; k < v->n; k++)
			if (v->list[k] == i) {
				text_printf(why, "\"%.*s\" stands there twice", (int)len, p);
				return -EINVAL;
			}
		if (v->n == VALUE_MAX_LIST) {
			text_printf(why, "more than %d words", VALUE_MAX_LIST);
			return -EINVAL;
		}
		v->list[v->n++] = (uint16_t)i;
		p += len;
		if (*p == ',' && *++p == '\0') {
			text_printf(why, "\"%s\" ends with a comma", text);
			return -EINVAL;
		}
		p += strspn(p, " ");
	}
	return 0;
}

static int bad(struct text *why, const char *text, const char *accepted)
{
	text_printf(why, "\"%s\" is not %s", text, accepted);
	return -EINVAL;
}

static int parse_int(const struct domain *d, const char *text, struct value *v, struct text *why)
{
	if (d->off && strcmp(text, d->off) == 0) {
		v->num = VALUE_ANY;
		return 0;
	}
	if (value_parse_number(text, &v->num) || v->num < (uint64_t)d->min ||
	    v->num > (uint64_t)d->max) {
		text_printf(why, "\"%s\" is not a number from %" PRId64 " to %" PRId64, text,
			    d->min, d->max);
		if (d->off)
			text_printf(why, ", nor \"%s\"", d->off);
		return -EINVAL;
	}
	return 0;
}

static int parse_time(const struct domain *d, const char *text, struct value *v, struct text *why)
{
	char lo[DURATION_TEXT], hi[DURATION_TEXT];

	if (d->off && strcmp(text, d->off) == 0) {
		v->num = 0;
		return 0;
	}
	if (duration_parse(text, &v->num) || v->num < (uint64_t)d->min ||
	    v->num > (uint64_t)d->max) {
		text_printf(why, "\"%s\" is not a time from %s to %s (like 30m, 1h30m, 1d)", text,
			    duration_print((uint64_t)d->min, lo),
			    duration_print((uint64_t)d->max, hi));
		if (d->off)
			text_printf(why, ", nor \"%s\"", d->off);
		return -EINVAL;
	}
	return 0;
}

/* What a domain's family is called, in messages. */
static const char *family_name(const struct domain *d)
{
	return d->family == 4 ? "IPv4" : d->family == 6 ? "IPv6" : "IPv4 or IPv6";
}

static int wrong_family(const struct domain *d, const struct abi_addr *a)
{
	return d->family != 0 && d->family != a->family;
}

static int parse_prefix(const struct domain *d, const char *text, struct value *v, struct text *why)
{
	char net[ADDR_MAX_TEXT];
	struct abi_addr first;

	if (value_parse_prefix(text, &v->addr, &v->prefix_len) || wrong_family(d, &v->addr)) {
		text_printf(why, "\"%s\" is not an %s prefix (like %s); names are not resolved",
			    text, family_name(d),
			    d->family == 6 ? "2001:db8::/64" : "192.168.1.0/24");
		return -EINVAL;
	}
	if (addr_is_mapped(&v->addr) && v->prefix_len > 96)
		return bad(why, text, "a prefix of packets: it is IPv4 in IPv6 form; write IPv4");
	first = addr_first(&v->addr, v->prefix_len);
	if (d->min == 0 && !addr_equal(&first, &v->addr)) { /* domain_host keeps its bits */
		text_printf(why, "\"%s\" has bits set behind its length; the network is \"%s/%u\"",
			    text, addr_text(&first, net), v->prefix_len);
		return -EINVAL;
	}
	return 0;
}

/* any, a port, or the first and the last of several. */
static int parse_port(const char *text, struct value *v, struct text *why)
{
	const char *dash = strchr(text, '-');
	char first[8] = "";

	v->num = VALUE_ANY;
	if (strcmp(text, "any") == 0)
		return 0;
	if (dash && (size_t)(dash - text) < sizeof(first))
		memcpy(first, text, (size_t)(dash - text));
	if (value_parse_number(dash ? first : text, &v->num) ||
	    value_parse_number(dash ? dash + 1 : text, &v->num2) || v->num > 65535 ||
	    v->num2 > 65535)
		return bad(why, text, "a port from 0 to 65535, ports like 1000-1999, nor any");
	if (v->num > v->num2)
		return bad(why, text, "a range: its first port is above its last one");
	if (v->num == 0 && v->num2 == 65535) {
		v->num = VALUE_ANY;
		v->num2 = 0;
	}
	return 0;
}

static int parse_address(const struct domain *d, const char *text, struct value *v,
			 struct text *why)
{
	if (strcmp(text, "none") == 0) {
		v->addr.family = 0;
		return 0;
	}
	if (addr_parse(text, &v->addr) || wrong_family(d, &v->addr)) {
		text_printf(why, "\"%s\" is not an %s address", text, family_name(d));
		return -EINVAL;
	}
	return 0;
}

static int parse_string(struct model *m, const struct domain *d, const char *text, struct value *v,
			struct text *why)
{
	size_t len = strlen(text);

	if (len < (size_t)d->min || len > (size_t)d->max) {
		text_printf(why, "\"%.80s\" is %zu bytes long; accepted: %" PRId64 " to %" PRId64,
			    text, len, d->min, d->max);
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			text_printf(why, "holds a control character at byte %zu", i + 1);
			return -EINVAL;
		}
	v->text = model_strdup(m, text);
	return v->text ? 0 : -ENOMEM;
}

/* A prefix, or the DNS name of one host. */
static int parse_host(struct model *m, const struct domain *d, const char *text, struct value *v,
		      struct text *why)
{
	static const struct domain length = {.min = 1, .max = HOSTNAME_MAX + 1};

	if (value_parse_prefix(text, &v->addr, &v->prefix_len) == 0)
		return parse_prefix(d, text, v, why);
	v->addr = (struct abi_addr){0};
	if (hostname_check(text, why) != 0)
		return -EINVAL;
	return parse_string(m, &length, text, v, why);
}

/* A name that others refer to. */
static int parse_name(struct model *m, const struct domain *d, const char *text, struct value *v,
		      struct text *why)
{
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789._-";

	if (text[strspn(text, accepted)])
		return bad(why, text, "a name; accepted: letters, digits, dot, _ and -");
	return parse_string(m, d, text, v, why);
}

/* An address, the name of an interface, or both: fe80::1%wan. */
static int parse_gateway(struct model *m, const struct domain *d, const char *text, struct value *v,
			 struct text *why)
{
	static const struct domain name = {.min = 1, .max = ABI_NAME_LEN - 1};
	const char *zone = strchr(text, '%');
	size_t n = zone ? (size_t)(zone - text) : strlen(text);
	char part[ADDR_MAX_TEXT] = "";

	if (n < sizeof(part))
		memcpy(part, text, n);
	if (addr_parse(part, &v->addr) == 0 && !wrong_family(d, &v->addr))
		return zone ? parse_string(m, &name, zone + 1, v, why) : 0;
	v->addr = (struct abi_addr){0};
	if (strpbrk(text, ":/%")) {
		text_printf(why, "\"%s\" is not an %s address or the name of an interface", text,
			    family_name(d));
		return -EINVAL;
	}
	return parse_string(m, &name, text, v, why);
}

static int parse_protocol(const struct domain *d, const char *text, struct value *v,
			  struct text *why)
{
	int i = value_find_word(d, text, strlen(text));

	if (i >= 0) {
		v->num = d->words[i].value;
		return 0;
	}
	if (value_parse_number(text, &v->num) == 0 && v->num >= 1 && v->num <= 255)
		return 0;
	parse_word(d, text, strlen(text), why);
	text_puts(why, " or a number from 1 to 255");
	return -EINVAL;
}

static int parse_typed(struct model *m, const struct prop *p, const char *text, struct value *v,
		       struct text *why)
{
	const struct domain *d = p->domain;
	int i;

	switch (p->type) {
	case PROP_BOOL:
		v->num = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
		if (!v->num && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
			return bad(why, text, "yes or no (true or false)");
		return 0;
	case PROP_INT:
		return parse_int(d, text, v, why);
	case PROP_TIME:
		return parse_time(d, text, v, why);
	case PROP_ADDRESS:
		return parse_address(d, text, v, why);
	case PROP_PREFIX:
		return parse_prefix(d, text, v, why);
	case PROP_HOST:
		return parse_host(m, d, text, v, why);
	case PROP_GATEWAY:
		return parse_gateway(m, d, text, v, why);
	case PROP_PORT:
		return parse_port(text, v, why);
	case PROP_PROTOCOL:
		return parse_protocol(d, text, v, why);
	case PROP_ENUM:
		i = parse_word(d, text, strlen(text), why);
		v->num = (uint64_t)(i < 0 ? 0 : i);
		return i < 0 ? i : 0;
	case PROP_LIST:
		return parse_list(d, text, v, why);
	case PROP_REF:
		return parse_name(m, &(struct domain){.min = 1, .max = 63}, text, v, why);
	case PROP_STRING:
		return p->flags & PROP_F_NAME ? parse_name(m, d, text, v, why)
					      : parse_string(m, d, text, v, why);
	case PROP_IDENT:
		return ident_text_parse(m, d, text, v, why);
	case PROP_SECRET:
		return psk_parse(m, d, text, v, why);
	case PROP_COUNT:
	case PROP_SPI:
	case PROP_DATE:
	case PROP_TIME_PAIR:
	case PROP_COUNT_PAIR:
	case PROP_ENDPOINT:
	case PROP_WORD:
	case PROP_KEY:
		break; /* of runtime menus only */
	}
	text_puts(why, "is read-only");
	return -EINVAL;
}

int value_parse(struct model *m, const struct prop *p, const char *text, struct value *v,
		struct text *why)
{
	int rc;

	*v = (struct value){0};
	rc = parse_typed(m, p, text, v, why);
	v->set = rc == 0;
	return rc;
}
