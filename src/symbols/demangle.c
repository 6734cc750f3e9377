#include "symbols/demangle.h"

#include <stddef.h>
#include <string.h>
#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif

/* libiberty recurses on a name's structure: hostile ones are long. */
enum { LONGEST = 16 * 1024 };

char *demangle(const char *raw)
{
	if (raw[0] != '_' || (raw[1] != 'Z' && raw[1] != 'R' && raw[1] != 'D'))
		return NULL;
	if (strnlen(raw, LONGEST) == LONGEST)
		return NULL;
	return cplus_demangle(raw, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
}
