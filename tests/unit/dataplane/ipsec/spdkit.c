/* SPDX-License-Identifier: BSD-3-Clause */
/* spdkit.c - see spdkit.h. */
#include "tests/unit/dataplane/ipsec/spdkit.h"

#include "dataplane/ipsec/spd_cache.h"

struct abi_policy spdkit_policies[SPDKIT_MAX];
static uint32_t indices[SPDKIT_MAX];

struct abi_policy spdkit_policy(uint8_t action)
{
	struct abi_policy p = {
		.msg = {.type = ABI_CMD_POLICY, .length = sizeof(p)},
		.policy_id = 1,
		.action = action,
		.mode = ABI_MODE_TUNNEL,
	};

	p.local = espkit_range(IP(192, 168, 1, 0), IP(192, 168, 1, 255));
	p.remote = espkit_range(IP(10, 100, 1, 0), IP(10, 100, 1, 255));
	return p;
}

struct spd *spdkit_build(uint32_t n)
{
	uint32_t status, detail;
	struct spd *s;

	for (uint32_t i = 0; i < n; i++)
		indices[i] = i % ESPKIT_POLICIES;
	s = spd_build(spdkit_policies, indices, n, 9, SOCKET_ID_ANY, &status, &detail);
	if (s == NULL)
		fail_msg("not built: status %u, policy %u", status, detail);
	assert_int_equal(status, ABI_OK);
	return s;
}

void spdkit_install(uint32_t n)
{
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = spdkit_build(n);
}

int spdkit_begin(void **state)
{
	kit.w->spd_cache = spd_cache_create(SOCKET_ID_ANY);
	return kit.w->spd_cache != NULL ? espkit_begin(state) : -1;
}

int spdkit_end(void **state)
{
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	spd_cache_free(kit.w->spd_cache);
	kit.w->spd_cache = NULL;
	return espkit_end(state);
}

void spdkit_one_policy6(const uint8_t *lo, const uint8_t *hi)
{
	struct abi_policy *p = &spdkit_policies[0];

	*p = spdkit_policy(ABI_ACT_DISCARD);
	p->local = (struct abi_range){.family = 6, .port_hi = UINT16_MAX};
	p->remote = p->local;
	memcpy(p->local.lo, lo, 16);
	memcpy(p->local.hi, hi, 16);
	memset(p->remote.hi, 0xff, 16);
}
