/* SPDX-License-Identifier: BSD-3-Clause */
/* report_probe.c - what a probe has found, as text and as JSON; see diag.h. */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/crypto/suite.h"
#include "control/diag/diag.h"
#include "control/ike/msg.h"
#include "control/ike/probe.h"
#include "control/ike/probe_child.h"
#include "control/model/text.h"

#define NS 1000000000ull

static const char *const ask_names[PROBE_ASKS] = {[PROBE_IKE2] = "ike2",
						  [PROBE_MAIN] = "main",
						  [PROBE_AGGRESSIVE] = "aggressive",
						  [PROBE_SMALL] = "small",
						  [PROBE_4500] = "natt",
						  [PROBE_LARGE] = "large",
						  [PROBE_FRAGMENTS] = "fragments",
						  [PROBE_WIDE2] = "wide-ike2",
						  [PROBE_WIDE1] = "wide-main",
						  [PROBE_WIDE1_MORE] = "wide-main-more"};

static const char *const ask_texts[PROBE_ASKS] = {
	[PROBE_IKE2] = "IKEv2",
	[PROBE_MAIN] = "IKEv1 main mode",
	[PROBE_AGGRESSIVE] = "IKEv1 aggressive mode",
	[PROBE_SMALL] = "a short message",
	[PROBE_4500] = "a short message",
	[PROBE_LARGE] = "a long message",
	[PROBE_FRAGMENTS] = "a message in fragments",
	[PROBE_WIDE2] = "IKEv2, all common algorithms",
	[PROBE_WIDE1] = "IKEv1 main mode, all common algorithms",
	[PROBE_WIDE1_MORE] = "IKEv1 main mode, other groups"};

static const char *const said_names[] = {
	[PROBE_NOT_ASKED] = "not-asked",     [PROBE_WAITS] = "waits",
	[PROBE_NOTHING] = "nothing",	     [PROBE_TAKES] = "takes",
	[PROBE_NO_PROPOSAL] = "no-proposal", [PROBE_REFUSES] = "refuses",
	[PROBE_ANSWERS] = "answers"};

/* Does it matter what comes back, and not only that it does? */
static bool is_offer(enum probe_ask ask)
{
	return ask <= PROBE_AGGRESSIVE || ask >= PROBE_WIDE2;
}

static const char *notify_name(const struct ike_probe *p, enum probe_ask ask)
{
	uint16_t type = p->rows[ask].notify;

	return probe_is_ike2(p, ask) ? ike2_notify_name(type) : ike1_notify_name(type);
}

/* Of the ports and sizes it only matters that something comes back. */
static void put_said(const struct ike_probe *p, enum probe_ask ask, struct text *out)
{
	switch (p->rows[ask].said) {
	case PROBE_NOTHING:
		text_puts(out, "no answer");
		break;
	case PROBE_TAKES:
		text_puts(out, is_offer(ask) ? "would take a proposal" : "answered");
		break;
	case PROBE_NO_PROPOSAL:
		text_puts(out,
			  is_offer(ask)
				  ? "refused: it does not take these proposals, or not from us, "
				    "or not in this version and mode"
				  : "answered");
		break;
	case PROBE_REFUSES:
		text_printf(out, is_offer(ask) ? "refused: %s" : "answered", notify_name(p, ask));
		break;
	default:
		text_puts(out, "answered");
		break;
	}
}

static void put_text(const struct ike_probe *p, struct text *out)
{
	for (int i = 0; i < PROBE_ASKS; i++) {
		const struct probe_row *row = &p->rows[i];

		if (row->said == PROBE_NOT_ASKED)
			continue;
		text_printf(out, "  %s (%u bytes) to UDP %u: ", ask_texts[i], row->len, row->port);
		put_said(p, (enum probe_ask)i, out);
		text_puts(out, "\n");
	}
	if (p->rows[PROBE_AGGRESSIVE].said == PROBE_NOT_ASKED)
		text_puts(out, "  IKEv1 aggressive mode: not asked, as it would show our identity; "
			       "\"aggressive\" behind the peer's name asks\n");
	text_puts(out, "  (answers in clear: hints, no proofs)\n");
}

/* Takes j over, which may be NULL. 0 or -1: no memory. */
static int put_dump(json_t *j, struct text *out)
{
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (text == NULL)
		return -1;
	text_printf(out, "%s\n", text);
	free(text);
	return 0;
}

static int put_json(const char *peer, const char *address, const struct ike_probe *p,
		    struct text *out)
{
	json_t *answers = json_array();

	for (int i = 0; i < PROBE_ASKS; i++) {
		const struct probe_row *row = &p->rows[i];
		json_t *one = json_pack("{s:s, s:s, s:i, s:i}", "ask", ask_names[i], "said",
					said_names[row->said], "port", (int)row->port, "bytes",
					(int)row->len);

		if (row->notify != 0)
			json_object_set_new(one, "notify",
					    json_string(notify_name(p, (enum probe_ask)i)));
		json_array_append_new(answers, one);
	}
	return put_dump(json_pack("[{s:s, s:s, s:o}]", "peer", peer, "address", address, "answers",
				  answers),
			out);
}

int diag_probe_report(const char *peer, const struct abi_addr *address, const struct ike_probe *p,
		      bool json, struct text *out)
{
	char addr[INET6_ADDRSTRLEN] = "?";

	inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->bytes, addr, sizeof(addr));
	if (json)
		return put_json(peer, addr, p, out);
	text_printf(out, "%s (%s), asked in %llu.%llu s:\n", peer, addr,
		    (unsigned long long)((p->ended - p->begun) / NS),
		    (unsigned long long)((p->ended - p->begun) % NS / (NS / 10)));
	put_text(p, out);
	return 0;
}

/* --- of phase 2 --- */

static const char *group_name(const struct probe_child_row *row)
{
	const struct suite_group *g = row->group != 0 ? suite_group_find(row->group) : NULL;

	return g != NULL ? g->name : "none";
}

static const char *refusal_name(const struct ike_probe_child *p, const struct probe_child_row *row)
{
	return p->ike2 ? ike2_notify_name(row->notify) : ike1_notify_name(row->notify);
}

static void algorithms(const struct probe_child_row *row, const char **encr, const char **integ)
{
	const struct suite_encr *s = suite_encr_find(row->encr.id, row->encr.key_bits);
	const struct suite_integ *i = suite_integ_find(row->integ);

	*encr = s != NULL ? s->name2 : "unknown";
	*integ = row->integ != ABI_INTEG_NONE && i != NULL ? i->name : "null";
}

static void put_child_text(const struct ike_probe_child *p, struct text *out)
{
	const char *encr, *integ;

	for (unsigned i = 0; i < p->n; i++) {
		const struct probe_child_row *row = &p->rows[i];

		text_printf(out, "  pfs-group=%s: ", group_name(row));
		if (row->said == PROBE_TAKES) {
			algorithms(row, &encr, &integ);
			text_printf(out,
				    "taken, with enc-algorithms=%s auth-algorithms=%s; the pair is "
				    "deleted again\n",
				    encr, integ);
		} else if (row->notify != 0) {
			text_printf(out, "refused: %s\n", refusal_name(p, row));
		} else {
			text_puts(out, "no answer\n");
		}
	}
	if (p->end == PROBE_CHILD_UP)
		text_puts(out,
			  "  the policy has come up meanwhile, with what is configured: nothing "
			  "more was asked\n");
	else if (p->end == PROBE_CHILD_GONE)
		text_puts(out, "  broken off: phase 1 has ended, or a reload took the policy\n");
	else if (p->n == 0 || p->rows[p->n - 1].said != PROBE_TAKES)
		text_puts(out, "  nothing of what allow-weak permits is taken, or it is not about "
			       "algorithms\n");
}

static const char *const end_names[] = {[PROBE_CHILD_DONE] = "asked",
					[PROBE_CHILD_UP] = "came-up",
					[PROBE_CHILD_GONE] = "broken-off"};

int diag_probe_child_report(const char *peer, const struct ike_probe_child *p, bool json,
			    struct text *out)
{
	json_t *answers;

	if (!json) {
		text_printf(out, "%s, asked in %llu s for policy %u:\n", peer,
			    (unsigned long long)((p->ended - p->begun) / NS), p->policy_id);
		put_child_text(p, out);
		return 0;
	}
	answers = json_array();
	for (unsigned i = 0; i < p->n; i++) {
		const struct probe_child_row *row = &p->rows[i];
		json_t *one = json_pack("{s:s, s:s}", "pfs-group", group_name(row), "said",
					said_names[row->said]);
		const char *encr, *integ;

		if (row->said == PROBE_TAKES) {
			algorithms(row, &encr, &integ);
			json_object_set_new(one, "enc-algorithms", json_string(encr));
			json_object_set_new(one, "auth-algorithms", json_string(integ));
		}
		if (row->notify != 0)
			json_object_set_new(one, "notify", json_string(refusal_name(p, row)));
		json_array_append_new(answers, one);
	}
	return put_dump(json_pack("[{s:s, s:I, s:s, s:o}]", "peer", peer, "policy-id",
				  (json_int_t)p->policy_id, "end", end_names[p->end], "answers",
				  answers),
			out);
}
