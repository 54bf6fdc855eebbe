/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check.h - is a record of the command ring inside its domain, field by field? What needs to know
 * more than the record (slots, suites, other records) is checked by those who build from it.
 */
#ifndef ESPGW_CHECK_H
#define ESPGW_CHECK_H

#include "dataplane/api/messages.h"

/*
 * Each takes a private copy whose type and length are right, and returns ABI_OK, ABI_ERR_FIELD or
 * ABI_ERR_UNSUPPORTED (an IPv6 or transport-mode record, well formed) with the offset of the first
 * wrong field in *detail.
 */
uint16_t check_policy(const struct abi_policy *p, uint32_t *detail);
uint16_t check_address(const struct abi_address *a, uint32_t n_ports, uint32_t *detail);
uint16_t check_route(const struct abi_route *r, uint32_t n_ports, uint32_t *detail);

#endif
