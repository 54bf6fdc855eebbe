/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_props.c - proposals in a log, as strongSwan prints them ("ESP:AES_CBC_256/HMAC_SHA1_96/
 * MODP_1024/NO_EXT_SEQ"): what differs between what was received and what is configured. Where
 * nothing says which is which, the first is what was received.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/diag/explain.h"

#define NAMES_MAX 48u

struct name {
	const char *at;
	size_t len;
	enum explain_kind kind;
};

struct proposal {
	bool phase1, configured;
	unsigned n;
	struct name names[NAMES_MAX];
	const char *at;
	size_t len;
};

static const char *const kind_names[KINDS] = {"encryption", "integrity", "PRF", "DH group",
					      "sequence numbers"};

const char *explain_kind_name(enum explain_kind kind)
{
	return (unsigned)kind < KINDS ? kind_names[kind] : "unknown";
}

static bool begins(const char *at, size_t len, const char *with)
{
	return len >= strlen(with) && strncmp(at, with, strlen(with)) == 0;
}

static enum explain_kind kind_of(const char *at, size_t len)
{
	if (begins(at, len, "PRF_"))
		return KIND_PRF;
	if (begins(at, len, "MODP_") || begins(at, len, "ECP_") || begins(at, len, "CURVE_"))
		return KIND_GROUP;
	if (begins(at, len, "NO_EXT_SEQ") || begins(at, len, "EXT_SEQ"))
		return KIND_ESN;
	if (begins(at, len, "HMAC_") || begins(at, len, "AES_XCBC") || begins(at, len, "AES_CMAC"))
		return KIND_INTEG;
	return KIND_ENCR;
}

static bool name_char(char c)
{
	return isupper((unsigned char)c) || isdigit((unsigned char)c) || c == '_';
}

/* From "ESP:" on. Returns where it ends. */
static const char *read_one(struct proposal *p, const char *at)
{
	p->at = at;
	p->phase1 = *at == 'I';
	for (at += 4; p->n < NAMES_MAX && name_char(*at); at += *at == '/') {
		struct name *n = &p->names[p->n];

		n->at = at;
		while (name_char(*at))
			at++;
		n->len = (size_t)(at - n->at);
		n->kind = kind_of(n->at, n->len);
		p->n++;
	}
	p->len = (size_t)(at - p->at);
	return at;
}

static bool has(const struct proposal *p, const struct name *name)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->names[i].len == name->len &&
		    memcmp(p->names[i].at, name->at, name->len) == 0)
			return true;
	}
	return false;
}

/* Kinds of which both have some and share none, or one side alone has some. */
static unsigned differ(const struct proposal *a, const struct proposal *b)
{
	unsigned in_a = 0, in_b = 0, common = 0;

	for (unsigned i = 0; i < a->n; i++) {
		in_a |= 1u << a->names[i].kind;
		if (has(b, &a->names[i]))
			common |= 1u << a->names[i].kind;
	}
	for (unsigned i = 0; i < b->n; i++)
		in_b |= 1u << b->names[i].kind;
	return (in_a | in_b) & ~common;
}

static void append(char *to, size_t cap, const struct proposal *p)
{
	size_t at = strlen(to);

	snprintf(to + at, cap - at, "%s%.*s", at > 0 ? ", " : "", (int)p->len, p->at);
}

static unsigned read_all(struct proposal *list, const char *text)
{
	bool configured = false, labelled = false;
	unsigned n = 0;

	for (const char *at = text; *at != '\0' && n < EXPLAIN_PROPS;) {
		if (strncmp(at, "received proposals", 18) == 0) {
			configured = false;
			labelled = true;
			at += 18;
		} else if (strncmp(at, "configured proposals", 20) == 0) {
			configured = labelled = true;
			at += 20;
		} else if ((strncmp(at, "ESP:", 4) == 0 || strncmp(at, "IKE:", 4) == 0) &&
			   name_char(at[4])) {
			list[n].configured = labelled ? configured : n > 0;
			at = read_one(&list[n], at);
			n++;
		} else {
			at++;
		}
	}
	return n;
}

void explain_props_read(struct explain_props *p, const char *text)
{
	struct proposal list[EXPLAIN_PROPS] = {0};
	unsigned n = read_all(list, text);
	int fewest = KINDS + 1;

	memset(p, 0, sizeof(*p));
	for (unsigned i = 0; i < n; i++) {
		if (list[i].phase1 == list[0].phase1)
			append(list[i].configured ? p->configured : p->received,
			       list[i].configured ? sizeof(p->configured) : sizeof(p->received),
			       &list[i]);
		for (unsigned k = 0; k < n && !list[i].configured; k++) {
			unsigned mask = differ(&list[i], &list[k]);
			int misses = __builtin_popcount(mask);

			if (!list[k].configured || list[i].phase1 != list[k].phase1)
				continue;
			p->known = true;
			p->phase1 = list[i].phase1;
			if (misses < fewest) {
				fewest = misses;
				p->differ = 0;
				p->always = mask;
			}
			if (misses == fewest) {
				p->differ |= mask;
				p->always &= mask;
			}
		}
	}
}
