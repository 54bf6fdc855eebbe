/* SPDX-License-Identifier: BSD-3-Clause */
/* pattern.c - regular expressions at a bounded cost; see pattern.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "control/model/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#include <pcre2.h>

#define NEST_MAX       20u
#define STEPS_MAX      20000u /* calls of the matcher's inner function: well under a millisecond */
#define DEPTH_MAX      1000u
#define HEAP_KIBIBYTES 256u

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static pcre2_code *compile(const char *text, char *why, size_t why_len)
{
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	PCRE2_SIZE at;
	int error = PCRE2_ERROR_NOMEMORY;

	if (limits) {
		pcre2_set_max_pattern_length(limits, PATTERN_MAX_LEN);
		pcre2_set_parens_nest_limit(limits, NEST_MAX);
		code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
				     PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF |
					     PCRE2_NEVER_BACKSLASH_C,
				     &error, &at, limits);
	}
	if (!code && pcre2_get_error_message(error, (PCRE2_UCHAR *)why, why_len) < 0)
		snprintf(why, why_len, "not a regular expression");
	pcre2_compile_context_free(limits);
	return code;
}

struct pattern *pattern_new(const char *text, char *why, size_t why_len)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(why, why_len, "out of memory");
		return NULL;
	}
	p->code = compile(text, why, why_len);
	if (!p->code)
		goto fail;
	p->data = pcre2_match_data_create(1, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->data || !p->limits) {
		snprintf(why, why_len, "out of memory");
		goto fail;
	}
	pcre2_set_match_limit(p->limits, STEPS_MAX);
	pcre2_set_depth_limit(p->limits, DEPTH_MAX);
	pcre2_set_heap_limit(p->limits, HEAP_KIBIBYTES);
	return p;
fail:
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	free(p);
}

bool pattern_match(const struct pattern *p, const char *subject)
{
	/* 0: more groups than the one we keep room for. */
	return pcre2_match(p->code, (PCRE2_SPTR)subject, PCRE2_ZERO_TERMINATED, 0, 0, p->data,
			   p->limits) >= 0;
}
