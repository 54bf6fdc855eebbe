/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * texts.h - everything diagnosis says, in both languages: one line per code, one per word of the
 * report, one per sentence that a finding can add (says.h).
 */
#ifndef ESPGW_DIAG_TEXTS_H
#define ESPGW_DIAG_TEXTS_H

#include "control/diag/diag.h"

/** A sentence. Static. */
const char *diag_say_text(enum diag_say say, enum diag_lang lang);
/** Its name in JSON: "ALSO_PSK". Static. */
const char *diag_say_name(enum diag_say say);
/** What a code means, in one clause without a full stop; which rows of the error matrix it is. */
const char *diag_code_text(enum ike_code code, enum diag_lang lang);
const char *diag_code_rows(enum ike_code code);

/* Words of the report around them. */
enum diag_word {
	WORD_CERTAIN,
	WORD_LIKELY,
	WORD_POSSIBLE,
	WORD_SEEN,
	WORD_FROM,
	WORD_TIMES,
	WORD_AGO,
	WORD_RECEIVED,
	WORD_CONFIGURED,
	WORD_PEER_SAID,
	WORD_UNPROTECTED,
	WORD_BYTES,
	WORD_ANSWERED,
	WORD_HERE,
	WORD_RELOAD,
	WORD_OR_PEER,
	WORD_AND_PEER,
	WORD_PEER,
	WORD_CHECK,
	WORD_POLICY,
	WORD_FACTS,
	WORD_NOTHING_WRONG,
	WORD_NO_PHASE1,
	WORD_NO_PHASE2,
	WORD_ESTABLISHED,
	WORD_NOT_PASSING,
	WORD_VENDOR_HINT,
	WORDS,
};
const char *diag_word(enum diag_word word, enum diag_lang lang);

#endif
