/* SPDX-License-Identifier: BSD-3-Clause */
/* file.c - reads a configuration file (libconfig) into a model. */
#include "control/model/file.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/integers.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/row_read.h"
#include "control/model/source.h"
#include "control/model/suggest.h"
#include "control/model/validate.h"

#define MAX_PATH_WORDS 128

/* Texts of the parser's own tree: secrets among them. */
static void wipe_tree(config_setting_t *s)
{
	int n = config_setting_is_aggregate(s) ? config_setting_length(s) : 0;

	for (int i = 0; i < n; i++)
		wipe_tree(config_setting_get_elem(s, (unsigned)i));
	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		const char *text = config_setting_get_string(s);

		explicit_bzero((void *)(uintptr_t)text, strlen(text));
	}
}

static void unknown_path(struct row_reader *r, const config_setting_t *s, const char *parent)
{
	const char *name = config_setting_name(s);
	char hint[SUGGEST_MAX_LEN * 2], words[SUGGEST_MAX_LEN + 1];
	struct suggest near;

	suggest_start(&near, name);
	for (int i = 0; i < MENU_MAX; i++) {
		const char *rest = schema_menu(i)->path;

		if (!schema_is_below(rest, parent))
			continue;
		rest += *parent ? strlen(parent) + 1 : 0;
		snprintf(words, sizeof(words), "%.*s", (int)strcspn(rest, " "), rest);
		if (suggest_distance(name, words) < near.distance) {
			suggest_offer(&near, words);
			suggest_text(&near, hint, sizeof(hint));
		}
	}
	row_read_error(r, s, "\"%s\" is not a menu%s%s%s", name, *parent ? " of /" : "", parent,
		       near.best ? hint : "");
}

static void read_menu(struct row_reader *r, config_setting_t *s, enum menu_id id)
{
	const struct menu *menu = schema_menu(id);

	if (menu->flags & MENU_F_RUNTIME) {
		row_read_error(r, s, "/%s shows what runs; it has no configuration", menu->path);
		return;
	}
	if (menu->flags & MENU_F_SINGLE) {
		if (config_setting_is_group(s))
			row_read_single(r, s, id);
		else
			row_read_error(r, s, "/%s must be a group: { … }", menu->path);
		return;
	}
	if (!config_setting_is_list(s)) {
		row_read_error(r, s, "/%s must be a list of groups: ( { … }, { … } )", menu->path);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		config_setting_t *row = config_setting_get_elem(s, (unsigned)i);

		if (config_setting_is_group(row))
			row_read(r, row, id);
		else
			row_read_error(r, row, "/%s: entry %d must be a group: { … }", menu->path,
				       i + 1);
	}
}

/* A menu below a list (ip ipsec policy group) has its place beside it: policy-group. */
static int find_menu(const char *path)
{
	char words[MAX_PATH_WORDS], *dash;
	int id = schema_find_menu(path);

	snprintf(words, sizeof(words), "%s", path);
	dash = strrchr(words, '-');
	if (id >= 0 || dash == NULL)
		return id;
	*dash = '\0';
	if (schema_find_menu(words) < 0)
		return -1;
	*dash = ' ';
	return schema_find_menu(words);
}

static void read_group(struct row_reader *r, config_setting_t *group, const char *parent)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		char path[MAX_PATH_WORDS];
		const char *why;
		int id;

		snprintf(path, sizeof(path), "%s%s%s", parent, *parent ? " " : "",
			 config_setting_name(s));
		id = find_menu(path);
		why = schema_refused_menu(path);
		if (id >= 0)
			read_menu(r, s, (enum menu_id)id);
		else if (schema_is_parent(path) && config_setting_is_group(s))
			read_group(r, s, path);
		else if (why)
			row_read_error(r, s, "/%s: %s", path, why);
		else if (schema_is_parent(path))
			row_read_error(r, s, "/%s must be a group: { … }", path);
		else
			unknown_path(r, s, parent);
	}
}

/* Parse the text into a tree and the tree into rows. */
static int parse(struct model *m, const struct source *src, struct problems *problems)
{
	struct row_reader r = {.model = m, .source = src, .problems = problems};
	config_t cfg;
	int rc = -1;

	config_init(&cfg);
	if (config_read_string(&cfg, src->text.s) == CONFIG_TRUE) {
		read_group(&r, config_root_setting(&cfg), "");
		rc = 0;
	} else {
		unsigned line;
		const struct source_file *f =
			source_place(src, (unsigned)config_error_line(&cfg), &line);

		problems_error(problems, f->path, line, "%s", config_error_text(&cfg));
	}
	wipe_tree(config_root_setting(&cfg));
	config_destroy(&cfg);
	return rc;
}

struct model *model_load_with(const char *path, const struct source_instead *instead,
			      struct problems *problems)
{
	struct model *m = model_new(path);
	struct source src;
	int rc;

	if (!m) {
		problems_error(problems, path, 0, "not enough memory");
		return NULL;
	}
	rc = source_read_with(&src, path, instead, problems);
	m->text_hash = source_hash(&src); /* before it is widened */
	if (rc == 0 && integers_widen(&src, problems) == 0 && parse(m, &src, problems) == 0)
		model_validate(m, problems);
	source_free(&src);
	if (problems->n_errors == 0)
		return m;
	model_free(m);
	return NULL;
}

struct model *model_load(const char *path, struct problems *problems)
{
	return model_load_with(path, NULL, problems);
}
