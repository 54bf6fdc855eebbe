/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hex.h - hex text of published vectors as bytes, for tests. Blanks between bytes are skipped.
 */
#ifndef ESPGW_TEST_HEX_H
#define ESPGW_TEST_HEX_H

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct hex {
	uint8_t data[1280];
	size_t len;
};

/** Aborts the test program on text that is no hex: a vector typed wrong must not pass. */
static inline struct hex hex_parse(const char *text)
{
	struct hex h = {.len = 0};
	unsigned int byte;

	while (*text) {
		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		if (h.len == sizeof(h.data) || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) || sscanf(text, "%2x", &byte) != 1)
			abort();
		h.data[h.len++] = (uint8_t)byte;
		text += 2;
	}
	return h;
}

#define HEX_PIECE(h)                                                                               \
	(struct prf_piece)                                                                         \
	{                                                                                          \
		(h).data, (h).len                                                                  \
	}

#endif
