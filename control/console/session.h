/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * session.h - from the lines that somebody types, pastes or pipes to whole commands. Pure. It knows
 *
 *   - the menu one is in: a path alone goes there, ".." up, "/" to the top. One that is not here is
 *     entered too: what follows is meant for it and must not meet the menu one was in before. That
 *     holds for all that may be a path: a word of RouterOS's places may begin one of our commands;
 *   - lines that go on: a backslash at the end, as in RouterOS's exports, an open quote, or a block
 *     in braces, which is one command: it is a script, and what stands in it is not to be done
 *     without it. Where the end is missing, nothing of it is;
 *   - several commands in a line, with "; " between them;
 *   - comments (#), CRLF, a byte order mark;
 *   - transcripts: behind a prompt ("[admin@MikroTik] /ip ipsec> …") the prompt says the menu,
 * lines that a screen or a page has broken are put together, and lines that no prompt stands before
 *     are what a router answered.
 */
#ifndef ESPGW_CONSOLE_SESSION_H
#define ESPGW_CONSOLE_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "control/model/text.h"

#define SESSION_MAX_PATH 128

struct session {
	char path[SESSION_MAX_PATH]; /* "ip ipsec peer"; "" = the top */
	const char *refused;	     /* path is a menu that is not here: why */
	bool terminal;		     /* where hands slip: a word nearly a command is no place */
	struct text held;	     /* what may go on in the next line */
	bool joined;		     /* held ends with a backslash */
	unsigned depth;		     /* of the braces that are open in held */
	bool quoted;		     /* held ends within quotes */
	bool exported;		     /* these are the lines of an export of RouterOS's */
	bool transcript;	     /* a prompt was seen */
	bool answer;		     /* what comes now is a router's answer */
	unsigned skipped;	     /* lines taken for answers */
	unsigned line;		     /* lines so far */
	unsigned began;		     /* where the last whole command began */
	unsigned held_began;
};

/**
 * Take a line. What is a whole command now is appended to command, with its path and a newline;
 * often that is the line before. Nothing is appended when there is none yet. A path alone has been
 * followed then. Among the commands stand lines that begin with "#": what is not to be done, and
 * why, or "#/PATH: ", that a place one has come to is not here. When command->failed, none of it is
 * to be done, nor what follows: nothing is held back any more.
 */
void session_line(struct session *s, const char *line, size_t len, struct text *command);

/** No more lines for now: what was held back, if anything; of what is open, that it was not done.
 */
void session_end(struct session *s, struct text *command);

/** Nothing of what was held back is to be done, be it whole; it says so, if there was something. */
void session_drop(struct session *s, struct text *command);

/** Does a command go on in the next line, whatever that is? */
bool session_is_open(const struct session *s);

/** Is a prompt at the front of the line? */
bool session_has_prompt(const char *line, size_t len);

/** May a line, before it is taken, be kept in a history? Not what sets a secret, nor what may be
 * the rest of that. */
bool session_may_keep(const struct session *s, const char *line, size_t len);

/** Follow a command that is a path and nothing else, also to where nothing is. False: it is
 * something else, or may be; in the latter case one is there all the same. */
bool session_enter(struct session *s, const char *command);

/** Of a place that is not here: why, as a line. */
void session_explain(const struct session *s, struct text *out);

void session_free(struct session *s);

#endif
