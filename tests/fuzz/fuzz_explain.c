/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_explain.c - any text as a pasted log: it is explained as text and as JSON, with as many
 * findings, and none of its control characters comes out.
 */
#include <jansson.h>
#include <stdbool.h>

#include "control/diag/explain.h"
#include "control/model/text.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		FUZZ_CHECK(t->s[i] == '\n' || t->s[i] == '\t' || (unsigned char)t->s[i] >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text plain = {0}, json = {0};
	enum diag_lang lang = len > 0 && (data[0] & 1) != 0 ? DIAG_ZH : DIAG_EN;
	json_t *root;
	int n;

	if (len > 8192)
		return 0;
	n = explain_log((const char *)data, len, lang, false, &plain);
	FUZZ_CHECK(n >= 0 && plain.len > 0 && !plain.failed);
	check_text(&plain);
	FUZZ_CHECK(explain_log((const char *)data, len, lang, true, &json) == n);
	root = json_loadb(json.s, json.len, 0, NULL);
	FUZZ_CHECK(root != NULL);
	json_decref(root);
	text_free(&plain);
	text_free(&json);
	return 0;
}
