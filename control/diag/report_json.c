/* SPDX-License-Identifier: BSD-3-Clause */
/* report_json.c - a report as JSON. Codes and names are stable; sentences come in the language
 * asked for. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "control/crypto/suite.h"
#include "control/diag/texts.h"
#include "control/diag/vendor.h"
#include "control/ike/msg.h"
#include "control/ike/ts.h"
#include "control/model/text.h"
#include "control/ike/prop.h"

#define NS 1000000000ull

struct lines {
	json_t *list;
};

static void add_line(void *ctx, const struct diag_line *line)
{
	struct lines *l = ctx;

	json_array_append_new(l->list,
			      json_pack("{s:s, s:s}", "where", line->where, "line", line->text));
}

static json_t *change_json(const struct diag_change *c, enum ike_vendor vendor)
{
	struct lines l = {json_array()};
	json_t *j = json_pack("{s:s}", "side", c->side == DIAG_HERE ? "here" : "peer");
	char line[1152];

	diag_lines(c, vendor, add_line, &l);
	json_object_set_new(j, "lines", l.list);
	if (c->side == DIAG_HERE) {
		json_t *find = json_object();

		for (int i = 0; i < 2 && c->find[i][0][0] != '\0'; i++)
			json_object_set_new(find, c->find[i][0], json_string(c->find[i][1]));
		json_object_set_new(j, "menu", json_string(c->menu));
		json_object_set_new(j, "find", find);
		json_object_set_new(j, "set", json_pack("{s:s}", c->prop, c->text));
		json_object_set_new(j, "routeros",
				    json_string(diag_routeros_line(c, line, sizeof(line))));
	}
	return j;
}

static json_t *sentences(const enum diag_say *says, unsigned n, enum diag_lang lang)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", diag_say_name(says[i]),
						      "text", diag_say_text(says[i], lang)));
	return list;
}

static json_t *addr_json(const struct abi_addr *a)
{
	char buf[INET6_ADDRSTRLEN] = "";

	if (a->family != 0)
		inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, buf, sizeof(buf));
	return json_string(buf);
}

static json_t *policy_json(const struct diag_policy *p)
{
	const char *const state[] = {"idle", "passing", "established, not passing"};
	char l[TS_MAX_TEXT], r[TS_MAX_TEXT];
	json_t *facts = json_object();
	json_t *j = json_pack("{s:I, s:s, s:s, s:b}", "policy-id", (json_int_t)p->conf->policy_id,
			      "src-address", diag_net_text(&p->conf->local, l, sizeof(l)),
			      "dst-address", diag_net_text(&p->conf->remote, r, sizeof(r)), "up",
			      p->up);

	for (int i = 0; i < TRUTH_FACTS; i++)
		json_object_set_new(facts, truth_fact_name((enum truth_fact)i),
				    json_integer((json_int_t)p->truth.fact[i]));
	json_object_set_new(j, "traffic",
			    json_string(p->up || p->truth.state != TRUTH_NOT_PASSING
						? state[p->truth.state]
						: "no-phase2"));
	json_object_set_new(j, "facts", facts);
	json_object_set_new(j, "seconds", json_integer((json_int_t)(p->truth.window / NS)));
	if (p->truth.state == TRUTH_NOT_PASSING)
		json_object_set_new(j, "code", json_string(ike_code_name(p->truth.code)));
	if (p->truth.foreign.family != 0)
		json_object_set_new(j, "foreign-source", addr_json(&p->truth.foreign));
	return j;
}

static json_t *diff_json(const struct prop_diff *d)
{
	json_t *j = json_object();

	for (int t = 0; t < PROP_TYPES; t++) {
		const struct prop_diff_type *one = &d->types[t];
		json_t *received = json_array(), *configured = json_array();
		char name[SUITE_MAX_NAME];

		for (unsigned i = 0; i < one->n_received && i < PROP_DIFF_MAX; i++)
			json_array_append_new(
				received, json_string(prop_value_print(d->phase, (enum prop_type)t,
								       one->received[i].value,
								       one->received[i].bits, name,
								       sizeof(name))));
		for (unsigned i = 0; i < one->n_configured && i < PROP_DIFF_MAX; i++)
			json_array_append_new(
				configured,
				json_string(prop_value_print(
					d->phase, (enum prop_type)t, one->configured[i].value,
					one->configured[i].bits, name, sizeof(name))));
		json_object_set_new(j, prop_type_name((enum prop_type)t),
				    json_pack("{s:b, s:o, s:o}", "differs", one->mismatch,
					      "received", received, "configured", configured));
	}
	return j;
}

static json_t *evidence_json(const struct ike_evidence *ev, uint64_t now)
{
	json_t *j = json_pack("{s:s, s:I, s:I, s:s, s:s, s:i, s:s}", "message", ev->message,
			      "count", (json_int_t)ev->count, "seconds-ago",
			      (json_int_t)(now > ev->last ? (now - ev->last) / NS : 0), "received",
			      ev->received, "configured", ev->configured, "ike-version",
			      (int)ev->version, "side", ev->initiator ? "initiator" : "responder");

	if (j == NULL) /* a text that is not UTF-8 */
		j = json_object();
	json_object_set_new(j, "from", addr_json(&ev->remote));
	if (ev->notify != 0) {
		json_object_set_new(j, "peer-said",
				    json_string(ev->version == 2 ? ike2_notify_name(ev->notify)
								 : ike1_notify_name(ev->notify)));
		json_object_set_new(j, "protected", json_boolean(ev->proven));
	}
	if (ev->pending)
		json_object_set_new(j, "so-far", json_true());
	if (ev->sent != 0) {
		json_object_set_new(j, "bytes", json_integer(ev->sent));
		json_object_set_new(j, "answered-bytes", json_integer(ev->answered));
	}
	if (ev->icmp.heard)
		json_object_set_new(j, "icmp",
				    json_pack("{s:i, s:i, s:i, s:o}", "type", (int)ev->icmp.type,
					      "code", (int)ev->icmp.code, "port",
					      (int)ev->icmp.port, "from",
					      addr_json(&ev->icmp.from)));
	if (ev->diff != NULL)
		json_object_set_new(j, "proposals", diff_json(ev->diff));
	return j;
}

static json_t *finding_json(const struct diag_report *r, const struct diag_finding *f,
			    enum diag_lang lang)
{
	static const char *const sure[] = {"certain", "likely", "possible"};
	json_t *changes = json_array();
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "code", ike_code_name(f->code), "rows",
			      diag_code_rows(f->code), "confidence", sure[f->confidence], "text",
			      diag_code_text(f->code, lang));

	for (unsigned i = 0; i < f->n_changes; i++)
		json_array_append_new(changes, change_json(&f->changes[i], r->peer->vendor));
	json_object_set_new(j, "changes", changes);
	if (f->together)
		json_object_set_new(j, "both-sides", json_true());
	json_object_set_new(j, "says", sentences(f->says, f->n_says, lang));
	json_object_set_new(j, "checks", sentences(f->checks, f->n_checks, lang));
	if (f->policy != NULL)
		json_object_set_new(j, "policy-id",
				    json_integer((json_int_t)f->policy->conf->policy_id));
	if (f->policy != NULL && f->policy->shadowed_by != 0)
		json_object_set_new(j, "earlier-policy-id",
				    json_integer((json_int_t)f->policy->shadowed_by));
	if (f->ev != NULL)
		json_object_set_new(j, "evidence", evidence_json(f->ev, r->peer->now));
	return j;
}

void diag_json(const struct diag_report *r, enum diag_lang lang, struct text *out)
{
	const struct diag_peer *p = r->peer;
	json_t *findings = json_array(), *policies = json_array(), *j;
	char *dump;

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(findings, finding_json(r, &r->findings[i], lang));
	for (size_t i = 0; i < p->n_policies; i++)
		json_array_append_new(policies, policy_json(&p->policies[i]));
	j = json_pack("{s:s, s:s, s:o, s:s, s:b, s:s, s:o, s:o}", "peer", p->conf->name, "comment",
		      p->conf->comment, "address", addr_json(&p->conf->remote), "state", p->state,
		      "phase1", p->up_since != 0, "vendor", ike_vendor_name(p->vendor), "findings",
		      findings, "policies", policies);
	dump = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
	if (dump != NULL)
		text_puts(out, dump);
	else
		out->failed = true;
	free(dump);
	json_decref(j);
}
