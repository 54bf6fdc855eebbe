/* SPDX-License-Identifier: BSD-3-Clause */
/* psk.c - pre-shared keys as they are written. */
#include "control/model/psk.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/model/model.h"

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_hex(struct model *m, const char *hex, struct value *v, struct text *why)
{
	size_t len = strlen(hex);
	uint8_t *bytes;

	if (len == 0 || len % 2) {
		text_puts(why, "0x must be followed by an even number of hex digits");
		return -EINVAL;
	}
	bytes = model_alloc(m, len / 2);
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < len / 2; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);

		if (hi < 0 || lo < 0) {
			text_printf(why, "character %zu behind 0x is not a hex digit",
				    2 * i + (hi < 0 ? 1 : 2));
			return -EINVAL;
		}
		bytes[i] = (uint8_t)(hi << 4 | lo);
	}
	v->bytes = bytes;
	v->len = len / 2;
	return 0;
}

int psk_parse(struct model *m, const struct domain *d, const char *text, struct value *v,
	      struct text *why)
{
	size_t len = strlen(text);
	int rc = 0;

	if (len < (size_t)d->min || len > (size_t)d->max) {
		text_printf(why, "is %zu bytes long; accepted: %" PRId64 " to %" PRId64, len,
			    d->min, d->max);
		return -EINVAL;
	}
	v->text = model_strdup(m, text);
	if (!v->text)
		return -ENOMEM;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		rc = parse_hex(m, text + 2, v, why);
	} else {
		v->bytes = (const uint8_t *)v->text;
		v->len = len;
	}
	return rc;
}

const char *psk_weakness(const struct value *v)
{
	if (v->len && (isspace(v->bytes[0]) || isspace(v->bytes[v->len - 1])))
		return "begins or ends with a blank or line end, which counts as part of the key";
	if (v->len < SUITE_SHORT_SECRET)
		return "is shorter than 20 bytes and can be guessed by who records a handshake";
	return NULL;
}
