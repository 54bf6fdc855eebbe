/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file.h - reads a configuration file (libconfig) into a model and checks all of it.
 */
#ifndef ESPGW_MODEL_FILE_H
#define ESPGW_MODEL_FILE_H

struct model;
struct problems;
struct source_instead;

/**
 * Read and check: syntax, every property against the schema, references, what crosses menus, weak
 * algorithms, and that nobody but the owner can read files with secrets. All problems go into
 * problems at once. Returns the model when there is no error (there may be warnings), else NULL.
 */
struct model *model_load(const char *path, struct problems *problems);

/** The same, with one of its files read from memory (source.h); NULL: none. */
struct model *model_load_with(const char *path, const struct source_instead *instead,
			      struct problems *problems);

#endif
