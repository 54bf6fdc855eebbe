/* SPDX-License-Identifier: BSD-3-Clause */
/* hostname.c - names and mistyped addresses apart; see hostname.h. */
#include "control/model/hostname.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "control/model/fnv.h"

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define EXAMPLE                                                                                    \
	"an address or network like 192.0.2.1 or 192.0.2.0/24, or a name like vpn.example.com"

/* Without the dot at the end. */
static size_t length(const char *text)
{
	size_t n = strlen(text);

	return n > 1 && text[n - 1] == '.' ? n - 1 : n;
}

static int refuse(struct text *why, const char *text, const char *what)
{
	text_printf(why, "\"%.80s\" is neither an address nor a name: %s; accepted: " EXAMPLE, text,
		    what);
	return -EINVAL;
}

/* What is wrong with one label; NULL: nothing. */
static const char *bad_label(const char *label, size_t len)
{
	if (len == 0)
		return "two dots in a row, or one at the beginning";
	if (len > HOSTNAME_MAX_LABEL)
		return "more than 63 letters between two dots";
	if (strspn(label, LETTERS DIGITS "-") < len)
		return "a name has letters, digits and hyphens between its dots";
	if (label[0] == '-' || label[len - 1] == '-')
		return "no part of a name begins or ends with a hyphen";
	return NULL;
}

int hostname_check(const char *text, struct text *why)
{
	size_t n = length(text), at = 0, len = 0;

	if (text[strspn(text, DIGITS "./")] == '\0' || strchr(text, ':'))
		return refuse(why, text, "not an address, or its prefix length is wrong");
	if (strchr(text, '/'))
		return refuse(why, text, "a name stands for one host and takes no prefix length");
	if (n > 0 && text[n - 1] == '.')
		return refuse(why, text, bad_label("", 0));
	if (n > HOSTNAME_MAX)
		return refuse(why, text, "more than 253 letters");
	for (; at < n; at += len + 1) {
		const char *bad;

		len = strcspn(text + at, ".");
		bad = bad_label(text + at, len);
		if (bad)
			return refuse(why, text, bad);
	}
	/* at is behind the last label */
	if (strspn(text + at - len - 1, LETTERS) == 0)
		return refuse(why, text,
			      "what follows the last dot of a name begins with a letter; as an "
			      "address it is mistyped");
	return 0;
}

int hostname_order(const char *a, const char *b)
{
	size_t x = length(a), y = length(b);
	int c = strncasecmp(a, b, x < y ? x : y);

	return c != 0 ? c : (x > y) - (x < y);
}

bool hostname_equal(const char *a, const char *b)
{
	return length(a) == length(b) && strncasecmp(a, b, length(a)) == 0;
}

uint64_t hostname_hash(const char *text)
{
	uint64_t h = FNV_START;

	for (size_t n = length(text); n > 0; n--)
		h = fnv_byte(h, (uint8_t)tolower((unsigned char)*text++));
	return h;
}
