/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hostname.h - what is a DNS name, and what is a mistyped address. The last label of a name begins
 * with a letter, as every top-level domain does (RFC 1123 section 2.1, RFC 3696 section 2), so that
 * 10.0.0.300, 10.0.0 and 10.0.0.l0 with a wrong letter before it are addresses gone wrong.
 */
#ifndef ESPGW_MODEL_HOSTNAME_H
#define ESPGW_MODEL_HOSTNAME_H

#include <stdbool.h>
#include <stdint.h>

#include "control/model/text.h"

#define HOSTNAME_MAX	   253 /* without a dot at the end; RFC 1035 section 2.3.4 */
#define HOSTNAME_MAX_LABEL 63

/** Is text, which is no address, the name of a host: labels of letters, digits and hyphens (RFC
 * 952, RFC 1123 section 2.1), perhaps with a dot at the end? 0, or -EINVAL and why says what it is
 * instead. */
int hostname_check(const char *text, struct text *why);

/** The same name: letters of either case, with or without the dot at the end. */
bool hostname_equal(const char *a, const char *b);
/** Names in some order, as strcmp(); 0 as hostname_equal() says. */
int hostname_order(const char *a, const char *b);
/** The same for those that hostname_equal() takes for one. */
uint64_t hostname_hash(const char *text);

#endif
