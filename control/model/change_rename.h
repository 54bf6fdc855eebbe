/* SPDX-License-Identifier: BSD-3-Clause */
/* change_rename.h - what refers to a row by its name follows when it gets another. */
#ifndef ESPGW_MODEL_CHANGE_RENAME_H
#define ESPGW_MODEL_CHANGE_RENAME_H

#include "control/model/change_doc.h"

/** When a change gives the one row of n a new name: note the patches of all that refer to it by the
 * old one, in every menu. 0, -EINVAL + why, or -ENOMEM. */
int change_rename(const struct change_doc *d, const size_t *rows, size_t n);

#endif
