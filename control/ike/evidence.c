/* SPDX-License-Identifier: BSD-3-Clause */
/* evidence.c - names of the codes; see evidence.h. */
#include "control/ike/evidence.h"

const char *ike_code_name(enum ike_code code)
{
#define CODE_NAME(name) [IKE_##name] = #name,
	static const char *const names[IKE_CODE_COUNT] = {IKE_CODES(CODE_NAME)};

	return (unsigned)code < IKE_CODE_COUNT ? names[code] : "UNKNOWN";
}
