/* SPDX-License-Identifier: BSD-3-Clause */
/* value_parse.h - from text to a value, by the property's type and domain. */
#ifndef ESPGW_MODEL_VALUE_PARSE_H
#define ESPGW_MODEL_VALUE_PARSE_H

#include "control/model/schema.h"
#include "control/model/text.h"
#include "control/model/value.h"

struct model;

/**
 * Parse text into v; what v borrows is the model's memory. 0, -EINVAL with why saying which part is
 * wrong and what is accepted (a secret is never repeated), or -ENOMEM.
 */
int value_parse(struct model *m, const struct prop *p, const char *text, struct value *v,
		struct text *why);

/** "12", "0x1f". 0 or -EINVAL. */
int value_parse_number(const char *s, uint64_t *n);
/** "192.168.1.0/24", "2001:db8::/32", or an address alone: its full length. 0 or -EINVAL. */
int value_parse_prefix(const char *s, struct abi_addr *addr, uint8_t *len);

/** Index of a word in a domain, refused ones too, or -1. */
int value_find_word(const struct domain *d, const char *word, size_t len);

#endif
