/* SPDX-License-Identifier: BSD-3-Clause */
/* ident_text.c - identities as RouterOS writes them. */
#include "control/model/ident_text.h"

#include <errno.h>
#include <string.h>

#include "control/ike/conf.h"
#include "control/model/addr.h"
#include "control/model/model.h"
#include "control/model/suggest.h"
#include "control/model/value_parse.h"
#include "control/model/value_print.h"

#define MAX_IDENT (sizeof(((struct ike_identity_conf *)0)->data) - 1)

static int copy(struct model *m, const void *bytes, size_t len, struct value *v)
{
	uint8_t *own = model_alloc(m, len);

	if (!own)
		return -ENOMEM;
	memcpy(own, bytes, len);
	v->bytes = own;
	v->len = len;
	return 0;
}

static int parse_value(struct model *m, const char *text, const char *val, struct value *v,
		       struct text *why)
{
	size_t len = strlen(val);
	struct abi_addr addr;

	if (len == 0 || len > MAX_IDENT) {
		text_printf(why, "\"%.80s\": an identity has 1 to %zu bytes", text, MAX_IDENT);
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)val[i] <= 0x20 || val[i] == 0x7f) {
			text_printf(why, "\"%s\" holds a blank or a control character", text);
			return -EINVAL;
		}
	if (v->num == IKE_ID_IPV4) {
		if (addr_parse(val, &addr)) {
			text_printf(why, "\"%s\" has no IP address behind address:", text);
			return -EINVAL;
		}
		if (addr.family == 6)
			v->num = IKE_ID_IPV6;
		return copy(m, addr.bytes, addr_bits(&addr) / 8u, v);
	}
	if (v->num == IKE_ID_USER_FQDN && !strchr(val, '@')) {
		text_printf(why, "\"%s\": a user-fqdn has the form name@domain", text);
		return -EINVAL;
	}
	return copy(m, val, len, v);
}

int ident_text_parse(struct model *m, const struct domain *d, const char *text, struct value *v,
		     struct text *why)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	int i = value_find_word(d, text, len);
	bool whole;

	if (i >= 0 && d->words[i].refused) {
		text_printf(why, "\"%s\" %s; nearest accepted: \"%s:\"", d->words[i].name,
			    d->words[i].refused, d->words[i].instead);
		return -EINVAL;
	}
	if (i >= 0) {
		v->num = d->words[i].value;
		whole = v->num == IKE_ID_AUTO || v->num == IKE_ID_IGNORE;
		if (whole && !colon)
			return 0;
		if (!whole && colon)
			return parse_value(m, text, colon + 1, v, why);
	}
	text_printf(why,
		    "\"%s\" is not an identity; accepted: auto%s, address:…, fqdn:…, "
		    "user-fqdn:…, key-id:…",
		    text, value_find_word(d, "ignore", 6) >= 0 ? ", ignore" : "");
	return -EINVAL;
}

void ident_text_print(const struct value *v, struct text *out)
{
	struct abi_addr addr = {.family = v->num == IKE_ID_IPV6 ? 6 : 4};
	char buf[ADDR_MAX_TEXT];
	const char *type = NULL;

	switch (v->num) {
	case IKE_ID_AUTO:
		text_puts(out, "auto");
		return;
	case IKE_ID_IGNORE:
		text_puts(out, "ignore");
		return;
	case IKE_ID_IPV4:
	case IKE_ID_IPV6:
		memcpy(addr.bytes, v->bytes, addr_bits(&addr) / 8u);
		text_printf(out, "address:%s", addr_text(&addr, buf));
		return;
	case IKE_ID_FQDN:
		type = "fqdn:";
		break;
	case IKE_ID_USER_FQDN:
		type = "user-fqdn:";
		break;
	default:
		type = "key-id:";
	}
	text_puts(out, type);
	value_print_text((const char *)v->bytes, v->len, out);
}
