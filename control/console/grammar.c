/* SPDX-License-Identifier: BSD-3-Clause */
/* grammar.c - words of a command line to a command. */
#include "control/console/grammar.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/grammar_change.h"
#include "control/console/verbs.h"
#include "control/model/suggest.h"

/* The line: where the words are, and what was taken. */
struct scan {
	const char *p;
	char word[64];
};

/* Take the next word; '/' separates words of a path as a blank does. False at the end. */
static bool next_word(struct scan *s, bool path)
{
	size_t n = 0;

	while (isspace((unsigned char)*s->p) || (path && *s->p == '/'))
		s->p++;
	while (s->p[n] && !isspace((unsigned char)s->p[n]) && !(path && s->p[n] == '/'))
		n++;
	snprintf(s->word, sizeof(s->word), "%.*s", (int)(n < 1000 ? n : 1000), s->p);
	s->p += n;
	return n > 0;
}

/* Menus that RouterOS has and espgw has not: the longest path that begins a line tells most. */
static const char *refused_path(const struct grammar_command *c, const struct scan *at, char *path,
				size_t size)
{
	struct scan s = *at;
	const char *why = NULL, *more;
	char longer[160];

	snprintf(path, size, "%s%s%s", c->path, *c->path ? " " : "", s.word);
	why = schema_refused_menu(path);
	snprintf(longer, sizeof(longer), "%s", path);
	while (why && next_word(&s, true)) {
		size_t n = strlen(longer);

		snprintf(longer + n, sizeof(longer) - n, " %s", s.word);
		more = schema_refused_menu(longer);
		if (!more || more == why)
			break;
		why = more;
		snprintf(path, size, "%s", longer);
	}
	return why;
}

/* Words of a path that lead nowhere, up to the command behind them. False: none is behind them. */
static bool lost_path(const struct grammar_command *c, const struct scan *at, char *path,
		      size_t size)
{
	struct scan s = *at;
	size_t n;

	snprintf(path, size, "%s", c->path);
	do {
		if (verbs_is_begun(s.word))
			return strcmp(s.word, at->word) != 0;
		n = strlen(path);
		snprintf(path + n, size - n, "%s%s", n ? " " : "", s.word);
	} while (!strpbrk(s.word, "=\"[{:") && next_word(&s, true));
	return false;
}

static int unknown(const struct grammar_command *c, const struct scan *at, struct text *why)
{
	const char *word = at->word;
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD], hint[SUGGEST_MAX_LEN * 2];
	size_t n = verbs_at(c->path, known);
	const char *refused;
	struct suggest near;
	char path[160];

	refused = refused_path(c, at, path, sizeof(path));
	if (refused && schema_find_menu(c->path) < 0) {
		text_printf(why, "/%s: %s", path, refused);
		return -EINVAL;
	}
	if (*word == ':' || *word == '{' || *word == '}') {
		text_printf(why, "%s: scripts are not run here; say the commands themselves", word);
		return -EINVAL;
	}
	suggest_start(&near, word);
	for (size_t i = 0; i < n; i++)
		suggest_offer(&near, known[i]);
	if (!*suggest_text(&near, hint, sizeof(hint)) && lost_path(c, at, path, sizeof(path))) {
		text_printf(why, "/%s: there is no such menu here", path);
		return -EINVAL;
	}
	text_printf(why, "\"%s\" is not known%s%s%s; accepted:", word, *c->path ? " in /" : "",
		    c->path, suggest_text(&near, hint, sizeof(hint)));
	for (size_t i = 0; i < n; i++)
		text_printf(why, " %s", known[i]);
	return -EINVAL;
}

/* Words of a path, as far as they are one. Leaves the first other word in s. */
static bool take_path(struct grammar_command *c, struct scan *s)
{
	while (next_word(s, true)) {
		char path[160];

		if (strcmp(s->word, "..") == 0) {
			char *last = strrchr(c->path, ' ');

			c->path[last ? last - c->path : 0] = '\0';
			continue;
		}
		verbs_expand(c->path, s->word, sizeof(s->word));
		snprintf(path, sizeof(path), "%s%s%s", c->path, *c->path ? " " : "", s->word);
		if (strlen(path) >= sizeof(c->path) ||
		    (schema_find_menu(path) < 0 && !verbs_is_folder(path)))
			return true;
		strcpy(c->path, path);
	}
	return false;
}

static int option_error(const struct verb *v, const char *word, struct text *why)
{
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	suggest_start(&near, word);
	for (const char *const *o = v->options; o && *o; o++)
		suggest_offer(&near, *o);
	text_printf(why, "%s: \"%s\" is not known%s", v->name, word,
		    suggest_text(&near, hint, sizeof(hint)));
	if (v->options && *v->options) {
		text_puts(why, "; accepted:");
		for (const char *const *o = v->options; *o; o++)
			text_printf(why, " %s", *o);
	}
	return -EINVAL;
}

static bool take_lang(struct grammar_command *c, const char *value)
{
	c->zh = strcmp(value, "zh") == 0;
	return c->zh || strcmp(value, "en") == 0;
}

static bool take_vendor(struct grammar_command *c, const char *value)
{
	c->vendor = ike_vendor_find(value);
	return c->vendor != IKE_VENDORS;
}

/* diagnose: vendor=NAME and lang=zh, also as --lang zh and --lang=zh; another word is the peer. */
static int take_diagnose(struct grammar_command *c, const struct verb *v, struct scan *s,
			 struct text *why)
{
	while (next_word(s, false)) {
		char *word = s->word;

		while (*word == '-')
			word++;
		if (strcmp(word, "lang") == 0 || strcmp(word, "vendor") == 0) {
			char key[8];

			snprintf(key, sizeof(key), "%.7s", word);
			next_word(s, false);
			word = s->word;
			if (strcmp(key, "lang") == 0 ? !take_lang(c, word) : !take_vendor(c, word))
				return option_error(v, word, why);
		} else if (strncmp(word, "lang=", 5) == 0) {
			if (!take_lang(c, word + 5))
				return option_error(v, s->word, why);
		} else if (strncmp(word, "vendor=", 7) == 0) {
			if (!take_vendor(c, word + 7))
				return option_error(v, s->word, why);
		} else if (strcmp(word, "hide-sensitive") == 0) {
			c->hide_sensitive = true;
		} else if (c->peer[0] == '\0' && word == s->word) {
			snprintf(c->peer, sizeof(c->peer), "%.63s",
				 strncmp(word, "peer=", 5) == 0 ? word + 5 : word);
		} else {
			return option_error(v, s->word, why);
		}
	}
	return 0;
}

static int take_probe(struct grammar_command *c, const struct verb *v, struct scan *s,
		      struct text *why)
{
	while (next_word(s, false)) {
		const char *word = s->word + strspn(s->word, "-");

		if (word != s->word && verbs_has_option(v, word)) /* --phase2, wherever */
			*(strcmp(word, "phase2") == 0 ? &c->phase2 : &c->aggressive) = true;
		else if (c->peer[0] == '\0')
			snprintf(c->peer, sizeof(c->peer), "%.63s",
				 strncmp(s->word, "peer=", 5) == 0 ? s->word + 5 : s->word);
		else if (verbs_has_option(v, word))
			*(strcmp(word, "phase2") == 0 ? &c->phase2 : &c->aggressive) = true;
		else
			return option_error(v, s->word, why);
	}
	if (c->peer[0] != '\0')
		return 0;
	text_puts(why, "probe: the name of a peer is missing");
	return -EINVAL;
}

static int take_options(struct grammar_command *c, const struct verb *v, struct scan *s,
			struct text *why)
{
	while (next_word(s, false)) {
		if (!verbs_has_option(v, s->word))
			return option_error(v, s->word, why);
		if (strcmp(s->word, "detail") == 0 || strcmp(s->word, "stats") == 0)
			c->detail = true;
		else if (strcmp(s->word, "terse") == 0)
			c->terse = true;
		else if (strcmp(s->word, "count-only") == 0)
			c->count_only = true;
		else if (strcmp(s->word, "show-sensitive") == 0)
			c->sensitive = true;
		else if (strncmp(s->word, "peer=", 5) == 0)
			snprintf(c->peer, sizeof(c->peer), "%s", s->word + 5);
		else if (strcmp(s->word, "where") == 0) {
			while (isspace((unsigned char)*s->p))
				s->p++;
			if (*s->p == '\0') {
				text_puts(why, "where: a condition is missing");
				return -EINVAL;
			}
			c->where = strdup(s->p);
			return c->where ? 0 : -ENOMEM;
		}
	}
	return 0;
}

static int parse_line(struct grammar_command *c, const char *line, struct text *why)
{
	struct scan s = {.p = line};
	const struct verb *v;
	const char *refused;

	if (!take_path(c, &s)) {
		c->verb = GRAMMAR_HELP; /* a path and nothing else */
		c->menu = schema_find_menu(c->path);
		return 0;
	}
	c->menu = schema_find_menu(c->path);
	v = verbs_find(c->menu, c->path, s.word);
	refused = v ? NULL : verbs_refused(s.word);
	if (refused) {
		text_printf(why, "%s: %s", s.word, refused);
		return -EINVAL;
	}
	if (!v)
		return unknown(c, &s, why);
	c->verb = v->verb;
	if (v->verb == GRAMMAR_DIAGNOSE)
		return take_diagnose(c, v, &s, why);
	if (v->verb == GRAMMAR_PROBE)
		return take_probe(c, v, &s, why);
	if (v->verb == GRAMMAR_CHANGE)
		return grammar_change(c, v->name, s.p, why);
	return take_options(c, v, &s, why);
}

int grammar_parse(struct grammar_command *c, const char *const *args, size_t n_args,
		  struct text *why)
{
	struct text line = {.limit = GRAMMAR_MAX_LINE};
	struct grammar_joiner joiner = {0};
	int rc;

	*c = (struct grammar_command){.menu = -1};
	for (size_t i = 0; i < n_args; i++)
		grammar_join(&line, args[i], &joiner);
	if (line.failed) {
		text_puts(why, "the command is too long");
		rc = -EINVAL;
	} else {
		rc = parse_line(c, line.len ? line.s : "", why);
	}
	text_free(&line);
	return rc;
}

void grammar_free(struct grammar_command *c)
{
	free(c->where);
	c->where = NULL;
	change_free(&c->change);
}
