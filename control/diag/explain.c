/* SPDX-License-Identifier: BSD-3-Clause */
/* explain.c - finds clues in a pasted log and says what they mean; see explain.h. */
#include "control/diag/explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "control/diag/texts.h"
#include "control/model/text.h"

#define QUOTE_MAX 200u

/* The log with each run of blanks as one blank, as it is and in lower case, and the line of each
 * byte. */
struct log {
	char *plain, *lower;
	unsigned *line;
	size_t len;
	bool typed; /* no text is there letter by letter: the nearest counts */
	uint64_t clues;
	size_t at[CLUES], end[CLUES]; /* where each was found first */
	struct explain_props props;
};

static int log_read(struct log *l, const char *text, size_t len)
{
	unsigned line = 1;
	bool blank = true;

	if (len > EXPLAIN_MAX_INPUT)
		len = EXPLAIN_MAX_INPUT;
	l->plain = malloc(len + 1);
	l->lower = malloc(len + 1);
	l->line = malloc((len + 1) * sizeof(*l->line));
	if (l->plain == NULL || l->lower == NULL || l->line == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_blank = c <= ' ' || c == 0x7f;

		if (!is_blank || !blank) {
			l->plain[l->len] = is_blank ? ' ' : (char)c;
			l->lower[l->len] = is_blank ? ' ' : (char)tolower(c);
			l->line[l->len++] = line;
		}
		line += c == '\n';
		blank = is_blank;
	}
	l->plain[l->len] = l->lower[l->len] = '\0';
	l->line[l->len] = line;
	return 0;
}

static void log_free(struct log *l)
{
	free(l->plain);
	free(l->lower);
	free(l->line);
}

/* Where a pattern ends when it matches at a place; NULL. The parts between * follow each other
 * within EXPLAIN_GAP bytes. */
static const char *match_here(const char *at, const char *pattern)
{
	while (*pattern != '\0') {
		const char *star = strchr(pattern, '*');
		size_t n = star != NULL ? (size_t)(star - pattern) : strlen(pattern);
		char part[128];

		if (strncmp(at, pattern, n) != 0)
			return NULL;
		at += n;
		if (star == NULL)
			return at;
		pattern = star + 1;
		n = strcspn(pattern, "*");
		if (n >= sizeof(part))
			return NULL;
		memcpy(part, pattern, n);
		part[n] = '\0';
		for (size_t gap = 0;; gap++) {
			if (gap > EXPLAIN_GAP || at[gap] == '\0')
				return NULL;
			if (strncmp(at + gap, part, n) == 0) {
				at += gap;
				break;
			}
		}
	}
	return at;
}

static const char *find(const char *text, const char *pattern, const char **end)
{
	char first[64];
	size_t n = strcspn(pattern, "*");

	if (n >= sizeof(first))
		return NULL;
	memcpy(first, pattern, n);
	first[n] = '\0';
	for (const char *at = text; (at = strstr(at, first)) != NULL; at++) {
		*end = match_here(at, pattern);
		if (*end != NULL)
			return at;
	}
	return NULL;
}

/* Of the patterns that are nearest the longest. */
static void find_nearest(struct log *l)
{
	const struct explain_pattern *p, *best = NULL;
	size_t len = l->len < EXPLAIN_NEAR_MAX ? l->len : EXPLAIN_NEAR_MAX;
	size_t end, best_end = 0, n;
	unsigned errors, least = EXPLAIN_FAR;

	for (size_t i = 0; (p = explain_pattern_at(i)) != NULL; i++) {
		errors = explain_near(l->lower, len, p->text, &end);
		if (errors > least || errors == EXPLAIN_FAR ||
		    (errors == least && best != NULL && strlen(p->text) <= strlen(best->text)))
			continue;
		best = p;
		least = errors;
		best_end = end;
	}
	if (best == NULL)
		return;
	n = strlen(best->text);
	l->typed = true;
	l->clues = 1ull << best->clue;
	l->at[best->clue] = best_end > n ? best_end - n : 0;
	l->end[best->clue] = best_end;
}

static void find_clues(struct log *l)
{
	const struct explain_pattern *p;

	for (size_t i = 0; (p = explain_pattern_at(i)) != NULL; i++) {
		const char *end, *at = find(l->lower, p->text, &end);
		size_t where = at != NULL ? (size_t)(at - l->lower) : 0;

		if (at == NULL || (l->clues >> p->clue & 1 && l->at[p->clue] <= where))
			continue;
		l->clues |= 1ull << p->clue;
		l->at[p->clue] = where;
		l->end[p->clue] = (size_t)(end - l->lower);
	}
	if (l->clues == 0)
		find_nearest(l);
	explain_props_read(&l->props, l->plain);
}

/* --- meaning --- */

struct meaning {
	enum ike_code code;
	const char *row;
	enum diag_confidence confidence;
	uint64_t clues;
	const enum diag_say *says, *checks; /* of a rule; NULL */
	bool with_props;
};

#define MEANINGS 16u

static void add(struct meaning *list, unsigned *n, struct meaning m)
{
	if (*n < MEANINGS)
		list[(*n)++] = m;
}

static enum diag_confidence sure_of(const struct explain_props *p, unsigned kinds)
{
	return p->always & kinds ? DIAG_CERTAIN : DIAG_LIKELY;
}

/* Of the peer's proposal only: it wants a group, and got no answer that has it. */
static bool wants_group(const struct log *l)
{
	return !l->props.known && l->clues & CLUE(NO_MATCHING) &&
	       strncmp(l->props.received, "ESP:", 4) == 0 &&
	       (strstr(l->props.received, "/MODP_") != NULL ||
		strstr(l->props.received, "/ECP_") != NULL ||
		strstr(l->props.received, "/CURVE_") != NULL);
}

/* Where proposals of both sides are in the text, their difference decides. Returns the clues that
 * are explained by that. */
static uint64_t from_props(const struct log *l, struct meaning *list, unsigned *n)
{
	const struct explain_props *p = &l->props;
	uint64_t about = CLUE(NO_MATCHING) | CLUE(PHASE1_NO_MATCH) | CLUE(NO_PROP) |
			 CLUE(CLEAR_NO_PROP) | CLUE(HASH_NO_PROP) | CLUE(CHILD_NO_PROP) |
			 CLUE(INIT_NO_PROP) | CLUE(RETRANSMIT);
	unsigned group = 1u << KIND_GROUP,
		 algs = 1u << KIND_ENCR | 1u << KIND_INTEG | 1u << KIND_PRF;

	if (wants_group(l))
		add(list, n,
		    (struct meaning){.code = IKE_P2_PFS_MISMATCH,
				     .row = "E12",
				     .confidence = DIAG_LIKELY,
				     .clues = CLUE(NO_MATCHING)});
	if (!p->known || p->differ == 0)
		return 0;
	if (p->differ & group)
		add(list, n,
		    (struct meaning){.code = p->phase1 ? IKE_P1_DH_MISMATCH : IKE_P2_PFS_MISMATCH,
				     .row = p->phase1 ? "E6" : "E12",
				     .confidence = sure_of(p, group),
				     .clues = l->clues & about,
				     .with_props = true});
	if (p->differ & algs)
		add(list, n,
		    (struct meaning){.code = p->phase1 ? IKE_P1_ALG_MISMATCH : IKE_P2_ALG_MISMATCH,
				     .row = p->phase1 ? "E5" : "E11",
				     .confidence = sure_of(p, algs),
				     .clues = l->clues & about,
				     .with_props = true});
	return about;
}

static unsigned conclude(const struct log *l, struct meaning list[MEANINGS])
{
	const struct explain_rule *r;
	uint64_t clues = l->clues;
	unsigned n = 0;

	clues &= ~from_props(l, list, &n);
	for (size_t i = 0; (r = explain_rule_at(i)) != NULL; i++) {
		/* a rule is kept back by anything that was found, explained or not */
		if (!(clues & r->any) || (l->clues & r->none & ~r->any))
			continue;
		add(list, &n,
		    (struct meaning){.code = r->code,
				     .row = r->row,
				     .confidence = l->typed && r->confidence == DIAG_CERTAIN
							   ? DIAG_LIKELY
							   : r->confidence,
				     .clues = clues & r->any,
				     .says = r->says,
				     .checks = r->checks});
	}
	return n;
}

/* --- output --- */

/* The words of the log that made a clue, cut. */
static size_t quote(const struct log *l, unsigned clue, const char **at)
{
	size_t from = l->at[clue], to = l->end[clue];

	while (from > 0 && l->line[from - 1] == l->line[l->at[clue]])
		from--;
	while (to < l->len && l->line[to] == l->line[l->end[clue] - 1])
		to++;
	*at = l->plain + from;
	return to - from < QUOTE_MAX ? to - from : QUOTE_MAX;
}

static const char *sure_word(enum diag_confidence c, enum diag_lang lang)
{
	return diag_word((enum diag_word)(WORD_CERTAIN + c), lang);
}

static void put_quoted(const char *s, size_t len, struct text *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		/* nothing of a log reaches a terminal as a control sequence */
		if (c < 0x20 || c == 0x7f ||
		    (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0))
			text_puts(out, "?");
		else
			text_add(out, &s[i], 1);
	}
}

static void put_text(const struct log *l, const struct meaning *m, enum diag_lang lang,
		     struct text *out)
{
	const char *last = NULL;

	text_printf(out, "%s %s (%s): %s\n", m->row, ike_code_name(m->code),
		    sure_word(m->confidence, lang), diag_code_text(m->code, lang));
	for (unsigned c = 0; c < CLUES; c++) {
		const char *at;
		size_t len;

		if (!(m->clues >> c & 1))
			continue;
		len = quote(l, c, &at);
		if (at == last)
			continue; /* two clues in one line */
		last = at;
		text_printf(out, "    %s %u: ", lang == DIAG_ZH ? "行" : "line", l->line[l->at[c]]);
		put_quoted(at, len, out);
		text_puts(out, "\n");
	}
	if (m->with_props) {
		text_printf(out, "    %s: %s\n    %s: %s\n", diag_word(WORD_RECEIVED, lang),
			    l->props.received, diag_word(WORD_CONFIGURED, lang),
			    l->props.configured);
		for (unsigned k = 0; k < KINDS; k++) {
			if (l->props.differ >> k & 1)
				text_printf(out, "    ≠ %s\n",
					    explain_kind_name((enum explain_kind)k));
		}
	}
	for (unsigned i = 0; m->says != NULL && i < 4 && m->says[i] != SAY_COUNT; i++)
		text_printf(out, "    %s\n", diag_say_text(m->says[i], lang));
	for (unsigned i = 0; m->checks != NULL && i < 3 && m->checks[i] != SAY_COUNT; i++)
		text_printf(out, "    %s: %s\n", diag_word(WORD_CHECK, lang),
			    diag_say_text(m->checks[i], lang));
}

static json_t *meaning_json(const struct log *l, const struct meaning *m, enum diag_lang lang)
{
	static const char *const sure[] = {"certain", "likely", "possible"};
	json_t *lines = json_array(), *says = json_array(), *differ = json_array();
	json_t *j =
		json_pack("{s:s, s:s, s:s, s:s}", "rows", m->row, "code", ike_code_name(m->code),
			  "confidence", sure[m->confidence], "text", diag_code_text(m->code, lang));

	for (unsigned c = 0; c < CLUES; c++) {
		if (m->clues >> c & 1)
			json_array_append_new(lines, json_integer((json_int_t)l->line[l->at[c]]));
	}
	for (unsigned k = 0; m->with_props && k < KINDS; k++) {
		if (l->props.differ >> k & 1)
			json_array_append_new(differ,
					      json_string(explain_kind_name((enum explain_kind)k)));
	}
	for (unsigned i = 0; m->says != NULL && i < 4 && m->says[i] != SAY_COUNT; i++)
		json_array_append_new(says, json_string(diag_say_text(m->says[i], lang)));
	for (unsigned i = 0; m->checks != NULL && i < 3 && m->checks[i] != SAY_COUNT; i++)
		json_array_append_new(says, json_string(diag_say_text(m->checks[i], lang)));
	json_object_set_new(j, "lines", lines);
	json_object_set_new(j, "differ", differ);
	json_object_set_new(j, "says", says);
	return j;
}

static void put_json(const struct log *l, const struct meaning *list, unsigned n,
		     enum diag_lang lang, struct text *out)
{
	json_t *all = json_array();
	char *dump;

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(all, meaning_json(l, &list[i], lang));
	dump = json_dumps(all, JSON_COMPACT);
	if (dump != NULL)
		text_printf(out, "%s\n", dump);
	else
		out->failed = true;
	free(dump);
	json_decref(all);
}

int explain_log(const char *text, size_t len, enum diag_lang lang, bool json, struct text *out)
{
	struct meaning list[MEANINGS];
	struct log l = {0};
	unsigned n = 0;
	int rc = log_read(&l, text, len);

	if (rc != 0)
		goto done;
	find_clues(&l);
	n = conclude(&l, list);
	if (json)
		put_json(&l, list, n, lang, out);
	for (unsigned i = 0; !json && i < n; i++)
		put_text(&l, &list[i], lang, out);
	if (n == 0 && !json)
		text_puts(out, lang == DIAG_ZH ? "没有认出任何已知的报错\n"
					       : "none of the known messages is in it\n");
	rc = (int)n;
done:
	log_free(&l);
	return rc;
}
