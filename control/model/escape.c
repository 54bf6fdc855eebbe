/* SPDX-License-Identifier: BSD-3-Clause */
/* escape.c - see escape.h. */
#include "control/model/escape.h"

#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t escape_take(const char *p, char *byte)
{
	static const char from[] = "nrtabfv_?$\"\\", to[] = "\n\r\t\a\b\f\v ?$\"\\";
	const char *known = *p ? strchr(from, *p) : NULL;

	if (known) {
		*byte = to[known - from];
		return 1;
	}
	if (hex(p[0]) < 0 || hex(p[1]) < 0)
		return 0;
	*byte = (char)(hex(p[0]) << 4 | hex(p[1]));
	return 2;
}
