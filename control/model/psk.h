/* SPDX-License-Identifier: BSD-3-Clause */
/* psk.h - pre-shared keys as they are written: text, or 0x and hex digits. */
#ifndef ESPGW_MODEL_PSK_H
#define ESPGW_MODEL_PSK_H

#include "control/model/schema.h"
#include "control/model/text.h"
#include "control/model/value.h"

struct model;

/** As value_parse(); why never repeats any of the text. "0x313233" is the three bytes "123". */
int psk_parse(struct model *m, const struct domain *d, const char *text, struct value *v,
	      struct text *why);

/** What to warn of in a key that works: blanks at an end, too short. NULL when nothing. */
const char *psk_weakness(const struct value *v);

#endif
