/* SPDX-License-Identifier: BSD-3-Clause */
/* spd.c - policies checked and compiled. */
#include "dataplane/ipsec/spd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "dataplane/api/segment.h"
#include "dataplane/arena.h"
#include "dataplane/ipsec/spd_impl.h"

enum { F_PROTO, F_LOCAL, F_REMOTE, F_LOCAL_PORT, F_REMOTE_PORT, F_NO_PORTS, FIELDS };

#define FIELD(number, group, kind, bytes, member)                                                  \
	{                                                                                          \
		.type = RTE_ACL_FIELD_TYPE_##kind, .size = bytes, .field_index = number,           \
		.input_index = group, .offset = offsetof(struct spd_key, member)                   \
	}

static const struct rte_acl_field_def fields[FIELDS] = {
	FIELD(F_PROTO, 0, BITMASK, 1, proto),
	FIELD(F_LOCAL, 1, RANGE, 4, local),
	FIELD(F_REMOTE, 2, RANGE, 4, remote),
	FIELD(F_LOCAL_PORT, 3, RANGE, 2, local_port),
	FIELD(F_REMOTE_PORT, 3, RANGE, 2, remote_port),
	FIELD(F_NO_PORTS, 4, BITMASK, 4, no_ports),
};

RTE_ACL_RULE_DEF(spd_rule, FIELDS);

static uint32_t addr(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool check_range(const struct abi_range *r)
{
	if (r->port_lo > r->port_hi)
		return false;
	if (r->family == 6)
		return memcmp(r->lo, r->hi, sizeof(r->lo)) <= 0;
	return r->family == 4 && addr(r->lo) <= addr(r->hi);
}

static uint32_t check_policy(const struct abi_policy *p)
{
	if (!check_range(&p->local) || !check_range(&p->remote) ||
	    p->local.family != p->remote.family)
		return ABI_ERR_FIELD;
	if (p->policy_id == 0 || (p->flags & ~ABI_POL_F_ALLOW_CLEAR) != 0 ||
	    p->action < ABI_ACT_PROTECT || p->action > ABI_ACT_BYPASS)
		return ABI_ERR_FIELD;
	if (p->action == ABI_ACT_PROTECT && p->mode != ABI_MODE_TUNNEL &&
	    p->mode != ABI_MODE_TRANSPORT)
		return ABI_ERR_FIELD;
	if (p->local.protocol != 0 && p->remote.protocol != 0 &&
	    p->local.protocol != p->remote.protocol)
		return ABI_ERR_FIELD;
	return ABI_OK;
}

static void make_rule(struct spd_rule *r, const struct abi_policy *p, uint32_t number)
{
	bool ports = !spd_any_port(&p->local) || !spd_any_port(&p->remote);

	memset(r, 0, sizeof(*r));
	r->data.category_mask = 1;
	r->data.priority = (int32_t)(RTE_ACL_MAX_PRIORITY - number);
	r->data.userdata = number + 1; /* 0 is "no match" */
	r->field[F_PROTO].value.u8 = spd_protocol(p);
	r->field[F_PROTO].mask_range.u8 = spd_protocol(p) != 0 ? UINT8_MAX : 0;
	r->field[F_LOCAL].value.u32 = addr(p->local.lo);
	r->field[F_LOCAL].mask_range.u32 = addr(p->local.hi);
	r->field[F_REMOTE].value.u32 = addr(p->remote.lo);
	r->field[F_REMOTE].mask_range.u32 = addr(p->remote.hi);
	r->field[F_LOCAL_PORT].value.u16 = p->local.port_lo;
	r->field[F_LOCAL_PORT].mask_range.u16 = p->local.port_hi;
	r->field[F_REMOTE_PORT].value.u16 = p->remote.port_lo;
	r->field[F_REMOTE_PORT].mask_range.u16 = p->remote.port_hi;
	/* Single ports: only packets that have some. */
	r->field[F_NO_PORTS].value.u32 = 0;
	r->field[F_NO_PORTS].mask_range.u32 = ports ? UINT32_MAX : 0;
}

static uint32_t count_family(const struct abi_policy *policies, uint32_t n, uint8_t family)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < n; i++)
		found += policies[i].local.family == family;
	return found;
}

/* Those for IPv4. NULL: no memory. */
static struct rte_acl_ctx *compile(const struct abi_policy *policies, uint32_t n, uint32_t n_rules,
				   uint32_t serial, int socket)
{
	struct rte_acl_config config = {.num_categories = 1, .num_fields = FIELDS};
	char name[RTE_ACL_NAMESIZE];
	struct rte_acl_param param = {.name = name,
				      .socket_id = socket,
				      .rule_size = RTE_ACL_RULE_SZ(FIELDS),
				      .max_rule_num = n_rules};
	struct spd_rule *rules = calloc(n_rules, sizeof(*rules));
	struct rte_acl_ctx *acl = NULL;
	uint32_t at = 0;

	if (rules == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		if (policies[i].local.family == 4)
			make_rule(&rules[at++], &policies[i], i);
	memcpy(config.defs, fields, sizeof(fields));
	/* rte_acl gives back an old context of the same name: every table has its own. */
	snprintf(name, sizeof(name), "spd-%" PRIu32, serial);
	acl = rte_acl_create(&param);
	if (acl != NULL && (rte_acl_add_rules(acl, (struct rte_acl_rule *)rules, n_rules) != 0 ||
			    rte_acl_build(acl, &config) != 0)) {
		rte_acl_free(acl);
		acl = NULL;
	}
	free(rules);
	return acl;
}

static bool compile_all(struct spd *s, const struct abi_policy *policies, uint32_t n, int socket)
{
	uint32_t n4 = count_family(policies, n, 4);

	if (n4 != 0) {
		s->acl = compile(policies, n, n4, s->serial, socket);
		if (s->acl == NULL)
			return false;
	}
	return spd_compile6(policies, n, s->serial, socket, &s->acl6);
}

/* Does it ask for more than each piece of a packet shows? That is ports, and in IPv6 the protocol:
 * a piece may begin inside destination options. */
static bool needs_whole(const struct abi_policy *p)
{
	return !spd_any_port(&p->local) || !spd_any_port(&p->remote) ||
	       (p->local.family == 6 && spd_protocol(p) != 0);
}

/* Flows that no policy tells apart are one: then a pair of hosts takes one place in the cache,
 * whatever they have to say to each other. */
static uint64_t shown_of(const struct abi_policy *policies, uint32_t n, uint8_t family)
{
	for (uint32_t i = 0; i < n; i++)
		if (policies[i].local.family == family &&
		    (!spd_any_port(&policies[i].local) || !spd_any_port(&policies[i].remote)))
			return UINT64_MAX;
	return ~SPD_CACHE_PORTS;
}

/* A network holds all or none of the addresses that differ in its host bits alone. As far as all
 * ranges are networks of so many host bits or more, nobody asks for these bits: two sites take one
 * place in the cache, however many hosts they have. For both addresses of a flow alike, as each may
 * be either end. */
static uint64_t shown_addrs_of(const struct abi_policy *policies, uint32_t n)
{
	uint32_t border = 0, shown; /* what some range has of host bits that a network has not */

	for (uint32_t i = 0; i < n; i++) {
		if (policies[i].local.family != 4)
			continue;
		border |= addr(policies[i].local.lo) | ~addr(policies[i].local.hi);
		border |= addr(policies[i].remote.lo) | ~addr(policies[i].remote.hi);
	}
	shown = ~((border & -border) - 1); /* from the lowest of them on */
	return border == 0 ? 0 : (uint64_t)shown << 32 | shown;
}

static void reach_add(uint64_t *reach, uint32_t lo, uint32_t hi)
{
	for (uint32_t net = lo >> SPD_REACH_SHIFT; net <= hi >> SPD_REACH_SHIFT; net++) {
		if (net % 64 == 0 && (hi >> SPD_REACH_SHIFT) - net >= 64) {
			reach[net / 64] = UINT64_MAX;
			net += 63;
		} else {
			reach[net / 64] |= 1ull << (net % 64);
		}
	}
}

/* False: no memory. Thousands of policies may be towards everywhere: what lies within the widest
 * range so far is there. */
static bool reach_all(struct spd *s, const struct abi_policy *policies, uint32_t n, int socket)
{
	uint32_t widest_lo = UINT32_MAX, widest_hi = 0;

	if (count_family(policies, n, 4) == 0)
		return true;
	s->reach = arena_zmalloc("spd", SPD_REACH_WORDS * sizeof(*s->reach), 64, socket);
	if (s->reach == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t lo = addr(policies[i].remote.lo), hi = addr(policies[i].remote.hi);

		if (policies[i].remote.family != 4 || (lo >= widest_lo && hi <= widest_hi))
			continue;
		reach_add(s->reach, lo, hi);
		if (widest_lo > widest_hi || hi - lo > widest_hi - widest_lo) {
			widest_lo = lo;
			widest_hi = hi;
		}
	}
	return true;
}

struct spd *spd_build(const struct abi_policy *policies, const uint32_t *index, uint32_t n,
		      uint32_t generation, int socket, uint32_t *status, uint32_t *detail)
{
	static uint32_t serials;
	struct spd *s;

	*detail = 0;
	*status = ABI_ERR_NO_SPACE;
	if (n > SPD_MAX_POLICIES)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t why = check_policy(&policies[i]);

		if (why != ABI_OK) {
			*status = why;
			*detail = i;
			return NULL;
		}
	}
	s = arena_zmalloc("spd", sizeof(*s) + n * sizeof(s->entry[0]), 64, socket);
	if (s == NULL)
		return NULL;
	if (++serials == 0)
		serials = 1;
	s->serial = serials;
	s->generation = generation;
	s->n = n;
	s->shown = shown_of(policies, n, 4);
	s->shown6 = shown_of(policies, n, 6);
	spd_show_addrs6(s, policies, n);
	s->shown_addrs = shown_addrs_of(policies, n);
	for (uint32_t i = 0; i < n; i++)
		s->ports |= needs_whole(&policies[i]);
	for (uint32_t i = 0; i < n; i++)
		s->entry[i] = (struct spd_entry){.index = index[i],
						 .action = policies[i].action,
						 .mode = policies[i].mode,
						 .flags = (uint8_t)policies[i].flags};
	if (!compile_all(s, policies, n, socket) || !reach_all(s, policies, n, socket) ||
	    !spd_reach6_all(s, policies, n, socket)) {
		spd_free(s);
		return NULL;
	}
	*status = ABI_OK;
	return s;
}

void spd_free(struct spd *s)
{
	if (s == NULL)
		return;
	rte_acl_free(s->acl);
	rte_acl_free(s->acl6);
	rte_free(s->reach);
	rte_free(s->reach6);
	rte_free(s);
}

uint32_t spd_generation(const struct spd *s)
{
	return s->generation;
}

static bool range_covers(const struct abi_range *r, uint32_t a, uint16_t port, bool ports)
{
	return a >= addr(r->lo) && a <= addr(r->hi) &&
	       (spd_any_port(r) || (ports && port >= r->port_lo && port <= r->port_hi));
}

int spd_match_linear(const struct abi_policy *policies, uint32_t n, const struct selector *sel,
		     bool inbound)
{
	uint32_t local = inbound ? sel->dst : sel->src, remote = inbound ? sel->src : sel->dst;
	uint16_t lport = inbound ? sel->dst_port : sel->src_port;
	uint16_t rport = inbound ? sel->src_port : sel->dst_port;

	for (uint32_t i = 0; i < n; i++) {
		const struct abi_policy *p = &policies[i];

		if (p->local.family == 4 &&
		    (spd_protocol(p) == 0 || spd_protocol(p) == sel->proto) &&
		    range_covers(&p->local, local, lport, sel->ports) &&
		    range_covers(&p->remote, remote, rport, sel->ports))
			return (int)i;
	}
	return -1;
}
