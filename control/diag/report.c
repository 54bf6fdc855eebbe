/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - a report as text for people. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "control/diag/fingerprint.h"
#include "control/diag/texts.h"
#include "control/diag/vendor.h"
#include "control/ike/msg.h"
#include "control/ike/ts.h"
#include "control/model/text.h"

#define NS 1000000000ull

struct out {
	struct text *text;
	const struct diag_report *r;
	enum diag_lang lang;
};

static const char *word(const struct out *o, enum diag_word w)
{
	return diag_word(w, o->lang);
}

static const char *colon(const struct out *o)
{
	return o->lang == DIAG_ZH ? "：" : ": ";
}

static void put_addr(const struct out *o, const struct abi_addr *a)
{
	char buf[INET6_ADDRSTRLEN] = "?";

	if (a->family != 0) /* else a name that does not resolve */
		inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, buf, sizeof(buf));
	text_puts(o->text, buf);
}

static const char *state_text(const struct out *o)
{
	const struct diag_peer *p = o->r->peer;
	bool up = p->up_since != 0, pair = false, stuck = false;

	for (size_t i = 0; i < p->n_policies; i++) {
		pair |= p->policies[i].up;
		stuck |= p->policies[i].up && p->policies[i].truth.state == TRUTH_NOT_PASSING;
	}
	return word(o, stuck  ? WORD_NOT_PASSING
		       : pair ? WORD_ESTABLISHED
		       : up   ? WORD_NO_PHASE2
			      : WORD_NO_PHASE1);
}

static void put_policy(const struct out *o, const struct diag_policy *policy)
{
	char l[TS_MAX_TEXT], r[TS_MAX_TEXT];

	text_printf(o->text, "%s %s === %s", word(o, WORD_POLICY),
		    ts_print(&policy->conf->local, l, sizeof(l)),
		    ts_print(&policy->conf->remote, r, sizeof(r)));
}

static void put_evidence(const struct out *o, const struct ike_evidence *ev)
{
	uint64_t now = o->r->peer->now;

	text_printf(o->text, "    %s%s%s, %s ", word(o, WORD_SEEN), colon(o), ev->message,
		    word(o, WORD_FROM));
	put_addr(o, &ev->remote);
	text_printf(o->text, ", %llu %s, %llu %s\n", (unsigned long long)ev->count,
		    word(o, WORD_TIMES),
		    (unsigned long long)(now > ev->last ? (now - ev->last) / NS : 0),
		    word(o, WORD_AGO));
	if (ev->notify != 0)
		text_printf(o->text, "    %s%s%s%s%s\n", word(o, WORD_PEER_SAID), colon(o),
			    ev->version == 2 ? ike2_notify_name(ev->notify)
					     : ike1_notify_name(ev->notify),
			    ev->proven ? "" : " ", ev->proven ? "" : word(o, WORD_UNPROTECTED));
	else if (ev->received[0] != '\0')
		text_printf(o->text, "    %s%s%s\n", word(o, WORD_RECEIVED), colon(o),
			    ev->received);
	if (ev->sent != 0)
		text_printf(o->text, "    %s%s%u", word(o, WORD_BYTES), colon(o), ev->sent);
	if (ev->sent != 0 && ev->answered != 0)
		text_printf(o->text, "; %s %u", word(o, WORD_ANSWERED), ev->answered);
	text_puts(o->text, ev->sent != 0 ? "\n" : "");
	if (ev->icmp.heard) {
		text_printf(o->text, "    ICMP%s: UDP %u, %s %u, %s %u, %s ",
			    ev->icmp.from.family == 6 ? "v6" : "", ev->icmp.port, "type",
			    ev->icmp.type, "code", ev->icmp.code, word(o, WORD_FROM));
		put_addr(o, &ev->icmp.from);
		text_printf(o->text, " %s\n", word(o, WORD_UNPROTECTED));
	}
	if (ev->configured[0] != '\0')
		text_printf(o->text, "    %s%s%s\n", word(o, WORD_CONFIGURED), colon(o),
			    ev->configured);
}

static void put_facts(const struct out *o, const struct diag_policy *policy)
{
	const struct truth *t = &policy->truth;

	text_printf(o->text, "    %s%s", word(o, WORD_FACTS), colon(o));
	for (int i = 0; i < TRUTH_FACTS; i++)
		text_printf(o->text, "%s%s %llu", i > 0 ? ", " : "",
			    truth_fact_name((enum truth_fact)i), (unsigned long long)t->fact[i]);
	text_printf(o->text, " (%llu s)\n", (unsigned long long)(t->window / NS));
	if (t->foreign.family != 0) {
		text_printf(o->text, "    %s ", word(o, WORD_FROM));
		put_addr(o, &t->foreign);
		text_puts(o->text, "\n");
	}
}

/* ✓ and ✗ per policy */
static void put_matrix(const struct out *o)
{
	const struct diag_peer *p = o->r->peer;

	for (size_t i = 0; i < p->n_policies && i < 64; i++) {
		const struct diag_policy *one = &p->policies[i];

		text_printf(o->text, "    %s ", one->up ? "✓" : "✗");
		put_policy(o, one);
		for (unsigned k = 0; one->up && k < one->n_local && k < one->n_remote; k++) {
			char l[TS_MAX_TEXT], r[TS_MAX_TEXT];

			if (ts_equal(&one->conf->local, &one->local[k]) &&
			    ts_equal(&one->conf->remote, &one->remote[k]))
				continue;
			text_printf(o->text, " -> %s === %s",
				    ts_print(&one->local[k], l, sizeof(l)),
				    ts_print(&one->remote[k], r, sizeof(r)));
		}
		text_puts(o->text, "\n");
	}
}

static void put_line(void *ctx, const struct diag_line *line)
{
	const struct out *o = ctx;

	if (line->where[0] != '\0')
		text_printf(o->text, "      [%s] %s\n", line->where, line->text);
	else
		text_printf(o->text, "      %s\n", line->text);
}

static bool has_side(const struct diag_finding *f, enum diag_side side)
{
	for (unsigned i = 0; i < f->n_changes; i++) {
		if (f->changes[i].side == side)
			return true;
	}
	return false;
}

static void put_changes(struct out *o, const struct diag_finding *f)
{
	bool here = has_side(f, DIAG_HERE), known = o->r->peer->vendor != IKE_VENDOR_UNKNOWN;

	for (int side = DIAG_HERE; side <= DIAG_PEER; side++) {
		if (!has_side(f, (enum diag_side)side))
			continue;
		if (side == DIAG_HERE)
			text_printf(o->text, "    %s (%s):\n", word(o, WORD_HERE),
				    word(o, WORD_RELOAD));
		else
			text_printf(o->text, "    %s%s%s%s:\n",
				    word(o, !here	  ? WORD_PEER
					    : f->together ? WORD_AND_PEER
							  : WORD_OR_PEER),
				    known ? " (" : "",
				    known ? ike_vendor_name(o->r->peer->vendor) : "",
				    known ? ")" : "");
		for (unsigned i = 0; i < f->n_changes; i++) {
			if (f->changes[i].side == (enum diag_side)side)
				diag_lines(&f->changes[i], o->r->peer->vendor, put_line, o);
		}
	}
}

static void put_fingerprint(const struct out *o)
{
	const struct ike_peer_conf *c = o->r->peer->conf;
	char print[FINGERPRINT_TEXT];

	if (o->r->peer->hide_sensitive || fingerprint_of(c->psk, c->psk_len, print) != 0)
		return;
	text_puts(o->text, "    ");
	if (o->lang == DIAG_ZH)
		text_printf(o->text,
			    "本端密钥：%zu 字节，SHA-256 开头为 %s（对端：printf %%s 密钥 | "
			    "sha256sum）\n",
			    c->psk_len, print);
	else
		text_printf(o->text,
			    "our secret: %zu bytes, its SHA-256 begins with %s (compare with: "
			    "printf %%s SECRET | sha256sum)\n",
			    c->psk_len, print);
}

static void put_finding(struct out *o, const struct diag_finding *f)
{
	text_printf(o->text, "  %s (%s)%s%s\n", ike_code_name(f->code),
		    word(o, (enum diag_word)(WORD_CERTAIN + f->confidence)), colon(o),
		    diag_code_text(f->code, o->lang));
	if (f->policy != NULL) {
		text_puts(o->text, "    ");
		put_policy(o, f->policy);
		text_puts(o->text, "\n");
	}
	if (f->ev != NULL)
		put_evidence(o, f->ev);
	else if (f->code == IKE_TS_PARTIAL)
		put_matrix(o);
	else if (f->policy != NULL)
		put_facts(o, f->policy);
	for (unsigned i = 0; i < f->n_says; i++)
		text_printf(o->text, "    %s\n", diag_say_text(f->says[i], o->lang));
	if (f->code == IKE_P1_PSK_MISMATCH || f->together)
		put_fingerprint(o);
	put_changes(o, f);
	for (unsigned i = 0; i < f->n_checks; i++)
		text_printf(o->text, "    %s%s%s\n", word(o, WORD_CHECK), colon(o),
			    diag_say_text(f->checks[i], o->lang));
}

void diag_text(const struct diag_report *r, enum diag_lang lang, struct text *out)
{
	struct out o = {out, r, lang};
	bool peers_lines = false;

	text_printf(out, "%s (", r->peer->conf->name);
	put_addr(&o, &r->peer->conf->remote);
	text_printf(out, ")%s%s\n", colon(&o), state_text(&o));
	for (size_t i = 0; i < r->n; i++) {
		put_finding(&o, &r->findings[i]);
		peers_lines |= has_side(&r->findings[i], DIAG_PEER);
	}
	if (r->n == 0)
		text_printf(out, "  %s\n", word(&o, WORD_NOTHING_WRONG));
	if (peers_lines && r->peer->vendor == IKE_VENDOR_UNKNOWN)
		text_printf(out, "  (%s)\n", word(&o, WORD_VENDOR_HINT));
}
