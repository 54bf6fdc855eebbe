/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source.h - the text of a configuration with its @include lines replaced by what they name. We do
 * this, and not libconfig, because the mode of a file must be read from the very descriptor that
 * its secrets come from, because libconfig ends the process when it is pointed at a directory, and
 * so that a file that includes itself is told so.
 */
#ifndef ESPGW_MODEL_SOURCE_H
#define ESPGW_MODEL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "control/model/text.h"

struct problems;

#define SOURCE_MAX_BYTES (16u << 20) /* all files together */
#define SOURCE_MAX_DEPTH 10
#define SOURCE_MAX_FILES 256

struct source_file {
	char *path; /* as given, or relative to the including file's folder */
	mode_t mode;
};

struct source_piece { /* from line `at` of the text on: file's line `line` on */
	unsigned at, line;
	unsigned file;
};

/* A text to take for what a file holds. */
struct source_instead {
	const char *path; /* as in source_file */
	const char *text;
	size_t len;
};

struct source {
	const struct source_instead *instead; /* NULL: none */
	bool plain;			      /* @include lines stay as they are */
	struct text text;
	struct source_file files[SOURCE_MAX_FILES];
	unsigned n_files;
	struct source_piece *pieces;
	size_t n_pieces, room;
	unsigned lines; /* of text, so far */
	bool unended;	/* the last line of a file has no end; that of text has one */
	int error;	/* errno, when that is why it cannot be read; 0: something else is */
};

/** Read path and all it includes. 0 or -1 with problems. Free it in both cases. */
int source_read(struct source *s, const char *path, struct problems *problems);

/** The same, with one of the files read from memory; NULL: none. */
int source_read_with(struct source *s, const char *path, const struct source_instead *instead,
		     struct problems *problems);

/** A number for the text, another one for another text. */
uint64_t source_hash(const struct source *s);

/** One file as it is: nothing is included. */
int source_read_plain(struct source *s, const char *path, struct problems *problems);

/** Wipes the text. */
void source_free(struct source *s);

/** Where a line of the text comes from. */
const struct source_file *source_place(const struct source *s, unsigned text_line, unsigned *line);

#endif
