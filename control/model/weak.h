/* SPDX-License-Identifier: BSD-3-Clause */
/* weak.h - what allow-weak permits. */
#ifndef ESPGW_MODEL_WEAK_H
#define ESPGW_MODEL_WEAK_H

#include <stdint.h>

struct model;
struct model_row;

/** enum suite_weak bits that a peer may use: its own allow-weak, or that of /ip ipsec settings. */
uint32_t weak_allowed(const struct model *m, const struct model_row *peer);

#endif
