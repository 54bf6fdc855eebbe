/* SPDX-License-Identifier: BSD-3-Clause */
/* row_read.h - one group of the file into one row of the model. */
#ifndef ESPGW_MODEL_ROW_READ_H
#define ESPGW_MODEL_ROW_READ_H

#include <libconfig.h>
#include <stdint.h>

#include "control/model/menus.h"

struct model;
struct problems;
struct source;

struct row_reader {
	struct model *model;
	const struct source *source;
	struct problems *problems;
	uint8_t mode_told[256]; /* per source file: its mode was found too open */
};

/** Read a group into a new row, or into the built-in one of the same name; every problem is told,
 * and the row is marked broken when one of its values was not taken. */
void row_read(struct row_reader *r, config_setting_t *group, enum menu_id menu);

/** Read a group into the only row of a single menu. */
void row_read_single(struct row_reader *r, config_setting_t *group, enum menu_id menu);

/** An error at a setting's place. */
void row_read_error(struct row_reader *r, const config_setting_t *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
