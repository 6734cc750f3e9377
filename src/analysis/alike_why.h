/* Why a chunk is said to be like others, in lines for people. */
#ifndef ANALYSIS_ALIKE_WHY_H
#define ANALYSIS_ALIKE_WHY_H

#include "analysis/typing_why.h"

void alike_why(const struct typing *typing, uint32_t chunk, struct why *why);

#endif
