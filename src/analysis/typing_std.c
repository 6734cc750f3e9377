#include "analysis/typing_std.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static const struct {
	const char *container; /* how its name begins */
	unsigned argument;     /* the one that its nodes are made of */
	const char *base, *node;
} known[] = {
	{"list<", 0, "std::__detail::_List_node_base", "std::_List_node<"},
	{"_List_node<", 0, "std::__detail::_List_node_base",
	 "std::_List_node<"},
	{"forward_list<", 0, "std::_Fwd_list_node_base",
	 "std::_Fwd_list_node<"},
	{"_Fwd_list_node<", 0, "std::_Fwd_list_node_base",
	 "std::_Fwd_list_node<"},
	{"_Rb_tree<", 1, "std::_Rb_tree_node_base", "std::_Rb_tree_node<"},
	{"_Rb_tree_node<", 0, "std::_Rb_tree_node_base", "std::_Rb_tree_node<"},
	{"_Hashtable<", 1, "std::__detail::_Hash_node_base",
	 "std::__detail::_Hash_node<"},
	{"_Hash_node<", 0, "std::__detail::_Hash_node_base",
	 "std::__detail::_Hash_node<"},
};

/* The n-th argument of a template, without blanks around it: owned or NULL. */
static char *argument(const char *name, unsigned n)
{
	const char *start = strchr(name, '<'), *s;
	int depth = 0;

	if (!start)
		return NULL;
	for (s = ++start; *s; s++) {
		bool end = !depth && (*s == ',' || *s == '>');

		if (end && !n) {
			while (*start == ' ')
				start++;
			while (s > start && s[-1] == ' ')
				s--;
			return xstrndup(start, (size_t)(s - start));
		}
		if (end && *s == '>')
			return NULL;
		if (end) {
			n--;
			start = s + 1;
		}
		depth += (*s == '<' || *s == '(') - (*s == '>' || *s == ')');
	}
	return NULL;
}

static struct type *find(struct nodes *nodes, const char *name)
{
	struct type *type = NULL;
	struct error ignored;

	if (symbols_type_find(nodes->symbols, name, &type, &ignored))
		return NULL;
	return type;
}

/* "T> >" needs the blank that compilers put there. */
static struct type *find_node(struct nodes *nodes, const char *node,
			      const char *arg, const char *more)
{
	bool nested = !*more && *arg && arg[strlen(arg) - 1] == '>';
	AUTO_FREE char *name =
		xasprintf("%s%s%s%s>", node, arg, more, nested ? " " : "");

	return find(nodes, name);
}

/* Of a hash table's: whether hashes are kept in nodes is the second argument,
 * and the first of its traits. */
static struct type *find_one(struct nodes *nodes, const char *node,
			     const char *arg, const char *of)
{
	bool hash = strstr(node, "_Hash_node");
	bool kept = strstr(of, "_Hashtable_traits<true") ||
		    (!strncmp(of, "_Hash_node<", 11) && strstr(of, ", true>"));

	return find_node(nodes, node, arg,
			 !hash	? ""
			 : kept ? ", true"
				: ", false");
}

int std_nodes_of(struct nodes *nodes, struct type *type, struct std_nodes *out,
		 struct error *err)
{
	for (size_t i = 0; type->name && i < sizeof(known) / sizeof(*known);
	     i++) {
		AUTO_FREE char *arg = NULL;
		struct type *base, *node;

		if (strncmp(type->name, known[i].container,
			    strlen(known[i].container)))
			continue;
		arg = argument(type->name, known[i].argument);
		base = find(nodes, known[i].base);
		if (!arg || !base)
			return 0;
		node = find_one(nodes, known[i].node, arg, type->name);
		if (!node)
			return 0;
		return node_of(nodes, base, &out->base, err) &&
				       node_of(nodes, node, &out->real, err)
			       ? 0
			       : -1;
	}
	return 0;
}

struct type *std_buffer_of(struct nodes *nodes, struct type *type)
{
	AUTO_FREE char *arg = NULL;
	struct type *found;
	size_t n, pointers = 0;

	if (!type->name || (strncmp(type->name, "__aligned_membuf<", 17) &&
			    strncmp(type->name, "__aligned_buffer<", 17)))
		return NULL;
	arg = argument(type->name, 0);
	for (n = arg ? strlen(arg) : 0;
	     n && (arg[n - 1] == '*' || arg[n - 1] == ' '); n--) {
		pointers += arg[n - 1] == '*';
		arg[n - 1] = '\0';
	}
	found = n ? find(nodes, arg) : NULL;
	while (found && pointers--)
		found = type_pointer_to(found);
	return found && type_size(found) == type->size ? found : NULL;
}
