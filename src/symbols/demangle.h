/* C++ (and Rust, D) names as people write them, by libiberty. */
#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

/* Owned by the caller (free); NULL if raw is no mangled name. */
char *demangle(const char *raw);

#endif
