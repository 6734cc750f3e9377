/*
 * Debug files by their build-id from the servers that DEBUGINFOD_URLS names
 * (elfutils' debuginfod), kept in its cache.  Whether heapscope can is decided
 * when it is built: configure --with-debuginfod.
 */
#ifndef SYMBOLS_DEBUGINFOD_H
#define SYMBOLS_DEBUGINFOD_H

#include "base/error.h"

/* -1, ERR_UNSUPPORTED: built without it. */
int debuginfod_need(struct error *err) MUST_CHECK;

/*
 * A descriptor of the file, to be closed, and *path, owned, its name in the
 * cache; module is for the progress that is told.  It is what a server gave:
 * the caller checks that it is of that build.  -1: ERR_INTERRUPTED after ^C;
 * ERR_NOT_FOUND with why there is none.
 */
int debuginfod_fetch(const char *build_id, const char *module, char **path,
		     struct error *err) MUST_CHECK;

#endif
