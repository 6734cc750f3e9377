/* The allocators that foreign.c knows, and what their files tell. */
#ifndef MALLOC_FOREIGN_KIND_H
#define MALLOC_FOREIGN_KIND_H

#include <stdbool.h>
#include <stddef.h>

struct module;

struct foreign_kind {
	const char *name;
	const char *library;	 /* beginning of a module's name, or NULL */
	const char *function[5]; /* that only it has; then NULL */
	const char *prefix[5];	 /* of the names that its users call */
	const char *proof;	 /* bytes that only its file has, or NULL */
	const char *hint;	 /* a text of its, which others may quote */
	const char *advice;	 /* how it tells of itself, or "" */
	/* Finds the version in a piece of the file's memory; or NULL. */
	bool (*version)(const char *bytes, size_t len, char *out, size_t cap);
};

extern const struct foreign_kind foreign_kinds[]; /* ends with a NULL name */

/* The kind whose text is in the module's file, NULL if none's is; *text is
 * it, *sure whether it is proof. */
const struct foreign_kind *foreign_by_text(const struct module *m,
					   const char **text, bool *sure);
/* "" if the file does not tell. */
void foreign_version(const struct foreign_kind *kind, const struct module *m,
		     char *out, size_t cap);

#endif
