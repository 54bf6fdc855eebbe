/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * value.h - one value of one property: plain data whose meaning the property's type gives
 * (schema.h). The same struct carries configuration and what runs, so that printing and filtering
 * exist once.
 *
 *   type            fields in use
 *   PROP_BOOL       num: 0 no, 1 yes
 *   PROP_INT        num (VALUE_ANY is the word the domain names)
 *   PROP_COUNT      num, 64 bit
 *   PROP_SPI        num: printed 0x…, compared as a number
 *   PROP_TIME       num: seconds (PROP_F_OFF: 0 is the word the domain names)
 *   PROP_DATE       num: seconds since 1970, UTC
 *   PROP_TIME_PAIR  num/num2: soft and hard, seconds
 *   PROP_COUNT_PAIR num/num2: soft and hard
 *   PROP_ADDRESS    addr; family 0 is "none"
 *   PROP_PREFIX     addr, prefix_len
 *   PROP_HOST       addr, prefix_len; or text: a DNS name, and in addr what it stands for so far
 *   PROP_ENDPOINT   addr, port (0 = printed without port)
 *   PROP_GATEWAY    addr, or text: the name of an interface, or both (fe80::1%wan)
 *   PROP_PORT       num, num2: the first and the last; num VALUE_ANY for any
 *   PROP_PROTOCOL   num: IP protocol, 0 for all
 *   PROP_ENUM       num: index of the word in the domain
 *   PROP_LIST       list, n: indexes of the words in the domain, in order
 *   PROP_REF        text: the name; num: the row it names, once resolved
 *   PROP_STRING     text, printed in quotes
 *   PROP_WORD       text, printed as it is
 *   PROP_IDENT      num: enum ike_id_type; bytes, len as on the wire
 *   PROP_SECRET     bytes, len; text: as it was written
 *   PROP_KEY        bytes, len; printed as hex, hidden unless asked for
 *
 * text and bytes are borrowed: in a configuration they belong to the model, in a row of a runtime
 * menu to the source, until emit() returns.
 */
#ifndef ESPGW_MODEL_VALUE_H
#define ESPGW_MODEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

#define VALUE_MAX_LIST 8
#define VALUE_ANY      UINT64_MAX

struct value {
	bool set; /* false: not printed; equal to "" in a filter */
	uint8_t prefix_len;
	uint8_t n;
	uint16_t port;
	uint16_t list[VALUE_MAX_LIST];
	struct abi_addr addr;
	uint64_t num;
	uint64_t num2;
	const char *text;
	const uint8_t *bytes;
	size_t len;
};

/* Setters for whoever fills a row: v[ID] of the menu's property ids (menus.h). */

static inline void value_set_num(struct value *v, uint64_t num)
{
	v->set = true;
	v->num = num;
}

static inline void value_set_pair(struct value *v, uint64_t soft, uint64_t hard)
{
	v->set = true;
	v->num = soft;
	v->num2 = hard;
}

/* NULL leaves it unset. Borrowed. */
static inline void value_set_text(struct value *v, const char *text)
{
	v->set = text != NULL;
	v->text = text;
}

/* Borrowed. */
static inline void value_set_bytes(struct value *v, const uint8_t *bytes, size_t len)
{
	v->set = true;
	v->bytes = bytes;
	v->len = len;
}

/* PROP_ADDRESS, and with a port PROP_ENDPOINT. A family of 0 leaves it unset. */
static inline void value_set_addr(struct value *v, const struct abi_addr *addr, uint16_t port)
{
	v->set = addr->family != 0;
	v->addr = *addr;
	v->port = port;
}

#endif
