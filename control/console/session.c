/* SPDX-License-Identifier: BSD-3-Clause */
/* session.c - from lines to whole commands; see session.h. */
#include "control/console/session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/verbs.h"
#include "control/model/suggest.h"

const char session_no_menu[] = "there is no such menu here";

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static void trim(const char **s, size_t *len)
{
	while (*len && is_blank(**s))
		(*s)++, (*len)--;
	while (*len && is_blank((*s)[*len - 1]))
		(*len)--;
}

/* --- paths --- */

static bool is_menu(const char *path)
{
	return schema_find_menu(path) >= 0 || verbs_is_folder(path);
}

/* Why a place is not here, or NULL: it is. */
static const char *refusal(const char *path)
{
	const char *why = *path == '\0' || is_menu(path) ? NULL : schema_refused_menu(path);

	return why || *path == '\0' || is_menu(path) ? why : session_no_menu;
}

/* One word of a path onto it; what has no room is cut. */
static void push(char path[SESSION_MAX_PATH], const char *word)
{
	char full[GRAMMAR_MAX_WORD * 2];
	size_t used = strlen(path);

	if (strcmp(word, "..") == 0) {
		char *last = strrchr(path, ' ');

		path[last ? last - path : 0] = '\0';
		return;
	}
	snprintf(full, sizeof(full), "%s", word);
	if (!refusal(path))
		verbs_expand(path, full, sizeof(full));
	snprintf(path + used, SESSION_MAX_PATH - used, "%s%s", used ? " " : "", full);
}

/* The next word of a path. False: there is none. */
static bool next_word(const char **p, char word[GRAMMAR_MAX_WORD])
{
	size_t n;

	*p += strspn(*p, " \t/");
	n = strcspn(*p, " \t/");
	snprintf(word, GRAMMAR_MAX_WORD, "%.*s", n < GRAMMAR_MAX_WORD ? (int)n : 0, *p);
	*p += n;
	return n > 0;
}

/* Could all of it be words of a path? Commands are none, nor what has values. */
static bool is_path(const char *p)
{
	char word[GRAMMAR_MAX_WORD];

	while (next_word(&p, word)) {
		if (strcmp(word, "..") == 0)
			continue;
		for (const char *c = word; *c; c++)
			if (!isalnum((unsigned char)*c) && *c != '-')
				return false;
		if (*word == '\0' || verbs_is_begun(word))
			return false;
	}
	return true;
}

/* Follow the words as far as one goes. Behind a place that is not here any word is one. */
static void follow(char path[SESSION_MAX_PATH], const char *p)
{
	char word[GRAMMAR_MAX_WORD];

	while (next_word(&p, word))
		push(path, *word ? word : "?");
}

bool session_enter(struct session *s, const char *command)
{
	const char *p = command + strspn(command, " \t"), *from = p;
	char path[SESSION_MAX_PATH] = "", word[GRAMMAR_MAX_WORD];
	bool absolute = *p == '/';

	if (*p == '\0')
		return false;
	if (!absolute)
		strcpy(path, s->path);
	for (; next_word(&p, word); from = p) {
		push(path, *word ? word : "?");
		if (!refusal(path) || strcmp(word, "..") == 0)
			continue;
		/* what is typed wrong is told as a command, and one stays where one is */
		if (!is_path(from) || (!absolute && s->typed && refusal(path) == session_no_menu))
			return false;
	}
	strcpy(s->path, path);
	s->refused = refusal(path);
	return true;
}

void session_explain(const struct session *s, struct text *out)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD], path[SESSION_MAX_PATH] = "";
	char hint[SUGGEST_MAX_LEN * 2], word[GRAMMAR_MAX_WORD];
	struct suggest near = {0};
	const char *p = s->path;

	text_printf(out, "/%s: %s", s->path, s->refused);
	while (s->refused == session_no_menu && next_word(&p, word)) {
		size_t n = verbs_at(path, known);

		push(path, word);
		if (!refusal(path))
			continue;
		suggest_start(&near, word);
		for (size_t i = 0; i < n; i++)
			suggest_offer(&near, known[i]);
		text_puts(out, suggest_text(&near, hint, sizeof(hint)));
		break;
	}
	text_puts(out, "\n");
}

/* --- lines --- */

/* Length of "[admin@MikroTik] /ip ipsec>" and a blank behind it, 0 when there is none. */
static size_t prompt_length(const char *s, size_t len)
{
	size_t n = 0;

	if (len < 3 || s[0] != '[' || !isalnum((unsigned char)s[1]))
		return 0;
	while (n < len && s[n] != ']' && !is_blank(s[n]))
		n++;
	if (n == len || s[n] != ']')
		return 0;
	for (n++; n < len && (isalnum((unsigned char)s[n]) || strchr(" /-", s[n]));)
		n++;
	if (n == len || s[n] != '>')
		return 0;
	n++;
	return n < len && s[n] == ' ' ? n + 1 : n;
}

bool session_has_prompt(const char *line, size_t len)
{
	trim(&line, &len);
	return prompt_length(line, len) > 0;
}

bool session_may_keep(const struct session *s, const char *line, size_t len)
{
	size_t end = 0;

	if (s->joined || (s->transcript && !session_has_prompt(line, len)))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)line[i]))
			end = i + 1;
		else if (len - i >= 6 && strncmp(line + i, "secret", 6) == 0)
			return false;
		if (i + 1 < len && line[i + 1] == '=' && i + 1 > end && i + 1 - end <= 6 &&
		    strncmp(line + end, "secret", i + 1 - end) == 0)
			return false; /* names may be cut */
	}
	return true;
}

/* Where a comment begins: a # outside of quotes, behind a blank or in front. */
static size_t comment_at(const char *s, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && quoted)
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '#' && !quoted && (i == 0 || is_blank(s[i - 1])))
			return i;
	}
	return len;
}

/* Where the first command of a line ends: at a semicolon with a blank or nothing behind it. */
static size_t command_length(const char *s, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && quoted)
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr("[({", s[i]))
			depth++;
		else if (!quoted && depth && strchr("])}", s[i]))
			depth--;
		else if (!quoted && !depth && s[i] == ';' && (i + 1 == len || is_blank(s[i + 1])))
			return i;
	}
	return len;
}

/* In an export a number is that of a row which RouterOS always has: of policies, the template. */
static bool means_default(const struct session *s, const char *command)
{
	return s->exported && !s->typed && strcmp(s->path, "ip ipsec policy") == 0 &&
	       strncmp(command, "set 0 ", 6) == 0;
}

/* A copy as a text. A zero byte becomes one that no text has, so that it is refused as a whole. */
static char *copy(const char *p, size_t len)
{
	char *one = malloc(len + 1);

	if (!one)
		return NULL;
	for (size_t i = 0; i < len; i++)
		one[i] = p[i] ? p[i] : '\xff';
	one[len] = '\0';
	return one;
}

static void one_command(struct session *s, const char *p, size_t len, struct text *command)
{
	char *one;

	trim(&p, &len);
	if (len == 0)
		return;
	one = copy(p, len);
	if (!one) {
		command->failed = true;
		return;
	}
	if (!session_enter(s, one)) {
		if (*one != '/' && *s->path)
			text_printf(command, "/%s ", s->path);
		text_printf(command, "%s%s\n",
			    means_default(s, one) ? "set [find default=yes]" : "",
			    means_default(s, one) ? one + 5 : one);
	}
	explicit_bzero(one, len);
	free(one);
}

/* What was held is whole. */
static void finish(struct session *s, struct text *command)
{
	const char *p = s->held.s;
	size_t len = s->held.len ? comment_at(p, s->held.len) : 0, n;

	if (len == 0 && s->held.len)
		s->exported |= strstr(p, " by RouterOS ") != NULL;
	for (; len; p += n, len -= n) {
		n = command_length(p, len);
		one_command(s, p, n, command);
		n += n < len;
	}
	s->began = s->held_began;
	text_free(&s->held);
	s->joined = false;
	s->depth = 0;
	s->quoted = false;
}

/* The menu that a prompt shows. */
static void follow_prompt(struct session *s, const char *prompt, size_t len)
{
	const char *at = memchr(prompt, ']', len), *end = memchr(prompt, '>', len);
	char words[SESSION_MAX_PATH * 2];

	snprintf(words, sizeof(words), "%.*s", at && end > at ? (int)(end - at - 1) : 0,
		 at ? at + 1 : "");
	s->path[0] = '\0';
	follow(s->path, words);
	s->refused = refusal(s->path);
}

/* Does a line go on with what is held? A page or a screen may have broken it anywhere. */
static bool goes_on(const struct session *s, const char *line, size_t len)
{
	static const char *const joints[] = {"and ", "or ", "&& ", "|| ", "("};
	char last = s->held.len ? s->held.s[s->held.len - 1] : '\0';
	size_t n = 0;

	if (comment_at(s->held.s ? s->held.s : "", s->held.len) < s->held.len)
		return false;
	if (last == '-' || last == '=' || last == ',')
		return true;
	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++)
		if (len >= strlen(joints[i]) && strncmp(line, joints[i], strlen(joints[i])) == 0)
			return true;
	while (n < len && (isalnum((unsigned char)line[n]) || line[n] == '-'))
		n++;
	return n && n < len && line[n] == '=';
}

/* Braces that a line leaves open. Those within a word are a part of it. */
static void count_braces(struct session *s, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\\' && s->quoted)
			i++;
		else if (line[i] == '"')
			s->quoted = !s->quoted;
		else if (s->quoted)
			continue;
		else if (line[i] == '{' && (i == 0 || s->depth || strchr(" \t=;{(", line[i - 1])))
			s->depth++;
		else if (line[i] == '}' && s->depth)
			s->depth--;
	}
	s->quoted &= s->joined;
}

static void hold(struct session *s, const char *line, size_t len)
{
	if (s->held.len == 0)
		s->held_began = s->line;
	else if (s->depth && !s->joined)
		text_puts(&s->held, " ");
	s->joined = len && line[len - 1] == '\\';
	text_add(&s->held, line, len - s->joined);
	if (!s->transcript)
		count_braces(s, line, s->quoted ? len : comment_at(line, len));
}

static void transcript_line(struct session *s, const char *line, size_t len)
{
	char last = s->held.len ? s->held.s[s->held.len - 1] : '\0';

	if (s->answer || s->held.len == 0 || !goes_on(s, line, len)) {
		s->answer = true;
		s->skipped++;
		return;
	}
	if (last != '-' && last != '=' && last != ',')
		text_puts(&s->held, " ");
	hold(s, line, len);
}

void session_line(struct session *s, const char *line, size_t len, struct text *command)
{
	size_t prompt;

	s->line++;
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3, len -= 3;
	trim(&line, &len);
	if (s->joined) { /* a backslash: whatever comes belongs to it */
		hold(s, line, len);
		if (!s->joined && !s->transcript && !s->depth)
			finish(s, command);
		return;
	}
	prompt = prompt_length(line, len);
	if (prompt) {
		finish(s, command);
		follow_prompt(s, line, prompt);
		s->transcript = true;
		s->answer = false;
		line += prompt;
		len -= prompt;
		trim(&line, &len);
		hold(s, line, len);
	} else if (s->transcript) {
		if (len)
			transcript_line(s, line, len);
	} else {
		hold(s, line, s->depth ? comment_at(line, len) : len);
		if (!s->joined && !s->depth)
			finish(s, command);
	}
}

void session_end(struct session *s, struct text *command)
{
	finish(s, command);
	s->transcript = false;
	s->answer = false;
}

void session_free(struct session *s)
{
	text_free(&s->held);
}
