/* SPDX-License-Identifier: BSD-3-Clause */
/* value_print.c - from a value to text, by the property's type. */
#include "control/model/value_print.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "control/model/duration.h"
#include "control/model/ident_text.h"

static void print_addr(const struct abi_addr *a, struct text *out)
{
	char buf[INET6_ADDRSTRLEN];

	if (a->family == 0)
		text_puts(out, "none");
	else if (inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, buf, sizeof(buf)))
		text_puts(out, buf);
}

static void print_prefix(const struct value *v, struct text *out)
{
	print_addr(&v->addr, out);
	text_printf(out, "/%u", v->prefix_len);
}

/* The name as it is configured; what it stands for is another property. */
static void print_host(const struct value *v, struct text *out)
{
	if (v->text)
		text_puts(out, v->text);
	else
		print_prefix(v, out);
}

static void print_ports(const struct value *v, struct text *out)
{
	if (v->num == VALUE_ANY) {
		text_puts(out, "any");
		return;
	}
	text_printf(out, "%" PRIu64, v->num);
	if (v->num2 != v->num)
		text_printf(out, "-%" PRIu64, v->num2);
}

static void print_endpoint(const struct value *v, struct text *out)
{
	bool brackets = v->port && v->addr.family == 6;

	if (brackets)
		text_puts(out, "[");
	print_addr(&v->addr, out);
	if (brackets)
		text_puts(out, "]");
	if (v->port)
		text_printf(out, ":%u", v->port);
}

/* Length of the UTF-8 sequence at s that is fit for a terminal: 0 for controls (C1 ones too) and
 * for what is not UTF-8 (RFC 3629 section 4). */
static size_t printable(const unsigned char *s, size_t len)
{
	unsigned char c = s[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n == 0 || n > len || c < 0x20 || c == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xc2 && s[1] < 0xa0) || (c == 0xe0 && s[1] < 0xa0) ||
	    (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void print_text(const char *s, size_t len, const char *escape, struct text *out)
{
	while (len) {
		size_t n = printable((const unsigned char *)s, len);

		if (n == 0)
			text_printf(out, "\\%02X", (unsigned char)*s);
		else if (n == 1 && strchr(escape, *s))
			text_printf(out, "\\%c", *s);
		else
			text_add(out, s, n);
		s += n ? n : 1;
		len -= n ? n : 1;
	}
}

void value_print_text(const char *s, size_t len, struct text *out)
{
	print_text(s, len, "", out);
}

void value_print_quoted(const char *s, size_t len, struct text *out)
{
	text_puts(out, "\"");
	print_text(s, len, "\"\\$", out); /* a dollar sign begins a variable in RouterOS */
	text_puts(out, "\"");
}

bool value_quoted(enum prop_type type)
{
	return type == PROP_STRING || type == PROP_SECRET || type == PROP_KEY;
}

static void print_list(const struct domain *d, const struct value *v, struct text *out)
{
	for (unsigned i = 0; i < v->n; i++)
		text_printf(out, "%s%s", i ? "," : "", d->words[v->list[i]].name);
}

static void print_protocol(const struct domain *d, uint64_t num, struct text *out)
{
	for (const struct domain_word *w = d->words; w->name; w++)
		if (w->value == num) {
			text_puts(out, w->name);
			return;
		}
	text_printf(out, "%" PRIu64, num);
}

static void print_hex(const struct value *v, struct text *out)
{
	for (size_t i = 0; i < v->len; i++)
		text_printf(out, "%02x", v->bytes[i]);
}

static void print_time(const struct domain *d, uint64_t num, struct text *out)
{
	char buf[DURATION_TEXT];

	text_puts(out, num == 0 && d->off ? d->off : duration_print(num, buf));
}

static void print_pair(const struct prop *p, const struct value *v, struct text *out)
{
	if (p->type == PROP_COUNT_PAIR) {
		text_printf(out, "%" PRIu64 "/%" PRIu64, v->num, v->num2);
		return;
	}
	print_time(p->domain, v->num, out);
	text_puts(out, "/");
	print_time(p->domain, v->num2, out);
}

static void print_gateway(const struct value *v, struct text *out)
{
	if (v->addr.family)
		print_addr(&v->addr, out);
	if (v->text)
		text_printf(out, "%s%s", v->addr.family ? "%" : "", v->text);
}

void value_print(const struct prop *p, const struct value *v, enum value_style style,
		 struct text *out)
{
	bool json = style == VALUE_JSON;
	char buf[DURATION_TEXT];

	if (!v->set)
		return;
	switch (p->type) {
	case PROP_BOOL:
		text_puts(out, json ? (v->num ? "true" : "false") : (v->num ? "yes" : "no"));
		break;
	case PROP_INT:
		if (p->domain->off && v->num == VALUE_ANY) {
			text_puts(out, p->domain->off);
			break;
		}
		/* fall through */
	case PROP_COUNT:
		text_printf(out, "%" PRIu64, v->num);
		break;
	case PROP_SPI:
		text_printf(out, json ? "0x%08" PRIX64 : "0x%" PRIX64, v->num);
		break;
	case PROP_TIME:
		print_time(p->domain, v->num, out);
		break;
	case PROP_DATE:
		text_puts(out, json ? duration_print_iso(v->num, buf)
				    : duration_print_date(v->num, buf));
		break;
	case PROP_TIME_PAIR:
	case PROP_COUNT_PAIR:
		print_pair(p, v, out);
		break;
	case PROP_ADDRESS:
		print_addr(&v->addr, out);
		break;
	case PROP_PREFIX:
		print_prefix(v, out);
		break;
	case PROP_HOST:
		print_host(v, out);
		break;
	case PROP_ENDPOINT:
		print_endpoint(v, out);
		break;
	case PROP_GATEWAY:
		print_gateway(v, out);
		break;
	case PROP_PORT:
		print_ports(v, out);
		break;
	case PROP_PROTOCOL:
		print_protocol(p->domain, v->num, out);
		break;
	case PROP_ENUM:
		text_puts(out, p->domain->words[v->num].name);
		break;
	case PROP_LIST:
		print_list(p->domain, v, out);
		break;
	case PROP_REF:
	case PROP_STRING:
	case PROP_WORD:
	case PROP_SECRET:
		if (v->text)
			print_text(v->text, strlen(v->text), "", out);
		break;
	case PROP_IDENT:
		ident_text_print(v, out);
		break;
	case PROP_KEY:
		print_hex(v, out);
		break;
	}
}
