/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_ipsec.c - peers and identities, and how much of everything there may be. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/conf.h"
#include "control/ike/ident.h"
#include "control/model/addr.h"
#include "control/model/apply_ipsec.h"
#include "control/model/hostname.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/problem.h"
#include "control/model/psk.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

/* --- peers --- */

static void peer_error(const struct model_row *row, int prop, const struct abi_addr *a,
		       struct problems *problems, const char *what)
{
	char text[ADDR_MAX_TEXT];

	problems_error(problems, row->file, model_line(row, prop),
		       "/ip ipsec peer \"%s\": %s: %s %s", row->values[PEER_NAME].text,
		       schema_menu(MENU_PEER)->props[prop].name, addr_text(a, text), what);
}

/* A peer is found by its address alone, whatever link it is behind. */
static bool check_peer_address(const struct model_row *row, struct problems *problems)
{
	const struct value *v = &row->values[PEER_ADDRESS];
	bool whole = v->prefix_len == addr_bits(&v->addr);

	if (addr_is_link_local(&v->addr))
		peer_error(row, PEER_ADDRESS, &v->addr, problems,
			   "is link-local; a peer needs an address that means the same everywhere");
	else if (whole && !addr_is_host(&v->addr))
		peer_error(row, PEER_ADDRESS, &v->addr, problems,
			   "cannot be the address of a peer");
	else
		return true;
	return false;
}

static void check_own(const struct model *m, const struct model_row *row, struct problems *problems)
{
	const struct abi_addr *local = &row->values[PEER_LOCAL].addr;

	if (!netview_own(m, local))
		peer_error(row, PEER_LOCAL, local, problems,
			   local->family == 6 ? "is not an address in /ipv6 address"
					      : "is not an address in /ip address");
}

static void check_local(const struct model *m, const struct model_row *row,
			struct problems *problems)
{
	const struct value *local = &row->values[PEER_LOCAL], *addr = &row->values[PEER_ADDRESS];
	bool said = local->set && local->addr.family;

	if (addr->text) { /* what it stands for is judged when it is known: hosts.h */
		if (said)
			check_own(m, row, problems);
		return;
	}
	if (!check_peer_address(row, problems))
		return;
	if (said) {
		if (local->addr.family != addr->addr.family)
			peer_error(row, PEER_LOCAL, &local->addr, problems,
				   "is of another family than address");
		else
			check_own(m, row, problems);
		return;
	}
	if (!netview_source(m, &addr->addr))
		problems_error(problems, row->file, model_line(row, PEER_ADDRESS),
			       "/ip ipsec peer \"%s\": address: no route leads to %s; add one to "
			       "/%s or say local-address",
			       row->values[PEER_NAME].text,
			       addr_text(&addr->addr, (char[ADDR_MAX_TEXT]){0}),
			       schema_menu(netview_routes(addr->addr.family))->path);
	else if (netview_own(m, &addr->addr))
		peer_error(row, PEER_ADDRESS, &addr->addr, problems, "is an address of our own");
}

/* start=traffic is for who may begin at all. */
static void check_start(const struct model_row *row, struct problems *problems)
{
	const struct value *v = row->values;
	const char *why = NULL;

	if (!v[PEER_START].num)
		return;
	if (v[PEER_PASSIVE].num)
		why = "passive=yes";
	else if (v[PEER_ADDRESS].prefix_len != addr_bits(&v[PEER_ADDRESS].addr))
		why = "a network as address";
	if (why)
		problems_error(problems, row->file, model_line(row, PEER_START),
			       "/ip ipsec peer \"%s\": start: traffic means nothing with %s: we "
			       "never begin then",
			       v[PEER_NAME].text, why);
}

/* What tells peers apart when a stranger's packet comes in: addresses and exchange mode, and, but
 * for main mode, where it comes too late, the identity. */
struct apart {
	const struct model_row *row;
	enum ike_exchange_mode mode;
	bool any; /* takes whoever knows the secret */
	struct abi_addr
		local; /* ours, towards it; where a name stands for it: if it is configured */
	struct ike_identity_conf id;
};

/* Names stand for one address when they are the same; NULL: there is none. */
static int by_name(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return hostname_order(a, b);
}

static int by_address(const void *a, const void *b)
{
	const struct apart *x = a, *y = b;
	const struct value *xv = x->row->values, *yv = y->row->values;
	int c = by_name(xv[PEER_ADDRESS].text, yv[PEER_ADDRESS].text);

	if (c == 0)
		c = memcmp(&xv[PEER_ADDRESS].addr, &yv[PEER_ADDRESS].addr, sizeof(struct abi_addr));
	if (c == 0)
		c = xv[PEER_ADDRESS].prefix_len - yv[PEER_ADDRESS].prefix_len;
	if (c == 0)
		c = memcmp(&x->local, &y->local, sizeof(struct abi_addr));
	if (c == 0)
		c = (int)x->mode - (int)y->mode;
	return c;
}

static int by_identity(const void *a, const void *b)
{
	const struct apart *x = a, *y = b;
	int c = by_address(a, b);

	if (c == 0 && x->any != y->any)
		c = x->any - y->any;
	if (c != 0 || x->any || x->mode == IKE_MODE_MAIN || ident_equal(&x->id, &y->id))
		return c;
	c = (int)x->id.type - (int)y->id.type;
	if (c == 0)
		c = x->id.len - y->id.len;
	for (unsigned i = 0; c == 0 && i < x->id.len; i++)
		c = tolower(x->id.data[i]) - tolower(y->id.data[i]);
	return c != 0 ? c : memcmp(x->id.data, y->id.data, x->id.len);
}

static void fill_apart(struct apart *a, const struct model *m, const struct model_row *peer,
		       const struct model_row *id)
{
	a->row = peer;
	a->local = peer->values[PEER_ADDRESS].text ? peer->values[PEER_LOCAL].addr
						   : apply_local(m, peer);
	a->mode = validate_peer_mode(peer);
	a->any = true;
	if (a->mode != IKE_MODE_MAIN && id) {
		const struct value *v = &id->values[IDENTITY_REMOTE_ID];

		a->any = v->num == IKE_ID_AUTO || v->num == IKE_ID_IGNORE;
		a->id.type = (enum ike_id_type)v->num;
		a->id.len = (uint16_t)v->len;
		if (v->len)
			memcpy(a->id.data, v->bytes, v->len); /* at most 255: ident_text.c */
	}
}

/* Neighbours in the order of by_identity(). */
static void tell_apart(const struct apart *first, const struct apart *second,
		       struct problems *problems)
{
	const struct value *a = first->row->values, *b = second->row->values;

	if (by_identity(first, second) == 0)
		problems_error(problems, second->row->file, model_line(second->row, PEER_ADDRESS),
			       "/ip ipsec peer \"%s\": address: \"%s\" in line %u has the same "
			       "address%s, so they cannot be told apart",
			       b[PEER_NAME].text, a[PEER_NAME].text, first->row->line,
			       second->mode == IKE_MODE_MAIN ? "" : " and remote-id");
	else if (by_address(first, second) == 0 && second->mode == IKE_MODE_IKE2 &&
		 a[PEER_PROFILE].num != b[PEER_PROFILE].num)
		problems_error(problems, second->row->file, model_line(second->row, PEER_PROFILE),
			       "/ip ipsec peer \"%s\": profile: \"%s\" in line %u has the same "
			       "address and another profile, which is used before the identity "
			       "tells them apart",
			       b[PEER_NAME].text, a[PEER_NAME].text, first->row->line);
}

static void check_same_address(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_PEER], *ids = &m->table[MENU_IDENTITY];
	const struct model_row **of = calloc(t->n + 1, sizeof(*of));
	struct apart *all = calloc(t->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; of && i < ids->n; i++)
		if (!ids->rows[i].broken && validate_active(&ids->rows[i], IDENTITY_DISABLED))
			of[ids->rows[i].values[IDENTITY_PEER].num] = &ids->rows[i];
	for (size_t i = 0; of && all && i < t->n; i++)
		if (validate_active(&t->rows[i], PEER_DISABLED))
			fill_apart(&all[n++], m, &t->rows[i], of[i]);
	if (n)
		qsort(all, n, sizeof(*all), by_identity);
	for (size_t i = 1; i < n; i++)
		tell_apart(&all[i - 1], &all[i], problems);
	free(all);
	free(of);
}

/* --- identities --- */

static void check_identities(const struct model *m, struct problems *problems)
{
	const struct model_table *peers = &m->table[MENU_PEER], *ids = &m->table[MENU_IDENTITY];
	const struct model_row **of = calloc(peers->n + 1, sizeof(*of));
	bool unknown = false;

	for (size_t i = 0; of && i < ids->n; i++) {
		const struct model_row *row = &ids->rows[i];
		const char *weak = row->broken ? NULL : psk_weakness(&row->values[IDENTITY_SECRET]);
		uint64_t peer = row->values[IDENTITY_PEER].num;

		unknown |= row->broken;
		if (!validate_active(row, IDENTITY_DISABLED))
			continue;
		if (of[peer])
			problems_error(problems, row->file, row->line,
				       "/ip ipsec identity: peer \"%s\" has one in line %u; one "
				       "identity per peer",
				       row->values[IDENTITY_PEER].text, of[peer]->line);
		of[peer] = row;
		if (weak)
			problems_warn(problems, row->file, model_line(row, IDENTITY_SECRET),
				      "/ip ipsec identity: the secret for peer \"%s\" %s",
				      row->values[IDENTITY_PEER].text, weak);
	}
	for (size_t i = 0; of && i < peers->n; i++)
		if (!of[i] && !unknown && validate_active(&peers->rows[i], PEER_DISABLED))
			problems_warn(problems, peers->rows[i].file, peers->rows[i].line,
				      "/ip ipsec peer \"%s\" has no /ip ipsec identity, so there "
				      "is no secret for it, and it is left alone",
				      peers->rows[i].values[PEER_NAME].text);
	free(of);
}

static void check_limits(const struct model *m, struct problems *problems)
{
	const struct model_row *dp = model_single(m, MENU_DATAPLANE);
	uint64_t sas = dp->values[DATAPLANE_MAX_SAS].num;
	const struct model_table *t = &m->table[MENU_POLICY];
	size_t n = 0;

	if (sas & (sas - 1))
		problems_error(problems, dp->file, model_line(dp, DATAPLANE_MAX_SAS),
			       "/dataplane: max-sas: %llu is not a power of two",
			       (unsigned long long)sas);
	for (size_t i = 0; i < t->n; i++)
		n += validate_active(&t->rows[i], POLICY_DISABLED) && !templates_is(&t->rows[i]);
	if (n > dp->values[DATAPLANE_MAX_POLICIES].num && !dp->broken)
		problems_error(problems, dp->file, model_line(dp, DATAPLANE_MAX_POLICIES),
			       "/dataplane: max-policies: %zu policies are configured, room is for "
			       "%llu",
			       n, (unsigned long long)dp->values[DATAPLANE_MAX_POLICIES].num);
}

void validate_ipsec(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_PEER];

	for (size_t i = 0; i < t->n; i++) {
		if (validate_active(&t->rows[i], PEER_DISABLED)) {
			check_local(m, &t->rows[i], problems);
			check_start(&t->rows[i], problems);
		}
	}
	check_same_address(m, problems);
	check_identities(m, problems);
	check_limits(m, problems);
}
