/*
 * Set expressions, by recursive descent.  Words come from a command line that
 * was split already; parentheses may stick to them.
 */
#include "snapshot/set_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "base/strbuf.h"
#include "base/words.h"

/* A chain of "and"s nests as deep as it is long, to the left. */
enum { MAX_DEPTH = 64, MAX_TOKENS = 1000 };

struct parser {
	char **token; /* owned, as are the strings */
	size_t count, cap, at;
	unsigned depth;
	struct set *set;
	struct strbuf text;
};

const char *const set_cmp_text[] = {
	[SET_EQ] = "=", [SET_GE] = ">=", [SET_LE] = "<=",
	[SET_GT] = ">", [SET_LT] = "<",
};

static void add_token(struct parser *p, const char *s, size_t len)
{
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->token = xrealloc(p->token, p->cap * sizeof *p->token);
	}
	p->token[p->count++] = xstrndup(s, len);
}

/* A comparison's text is the user's: parentheses in content="..." stay, but
 * for closing ones that were opened before it. */
static void tokenise(struct parser *p, const char *word, size_t *open)
{
	size_t len, inside = 0, tail = 0;

	for (; *word == '('; word++, ++*open)
		add_token(p, "(", 1);
	len = strlen(word);
	for (size_t i = 0; i < len; i++)
		if (word[i] == '(')
			inside++;
		else if (word[i] == ')' && inside)
			inside--;
		else if (word[i] == ')')
			tail++;
	while (tail && *open && len && word[len - 1] == ')') {
		len--;
		tail--;
		--*open;
		inside++;
	}
	if (len)
		add_token(p, word, len);
	for (word += len; *word; word++)
		add_token(p, word, 1);
}

static const char *peek(const struct parser *p)
{
	return p->at < p->count ? p->token[p->at] : NULL;
}

static bool take(struct parser *p, const char *what)
{
	const char *token = peek(p);

	if (!token || strcmp(token, what) != 0)
		return false;
	p->at++;
	return true;
}

static uint32_t add_node(struct parser *p, const struct set_node *node)
{
	struct set *set = p->set;

	if (set->count == set->cap) {
		set->cap = set->cap ? set->cap * 2 : 16;
		set->node = xrealloc(set->node, set->cap * sizeof *set->node);
	}
	set->node[set->count] = *node;
	return (uint32_t)set->count++;
}

static const struct {
	const char *name;
	enum set_op op;
	uint64_t value;
} plain[] = {
	{"all", SET_ALL, 0},
	{"used", SET_STATE, CHUNK_USED},
	{"free", SET_STATE, CHUNK_FREE},
	{"cached", SET_STATE, CHUNK_CACHED},
	{"top", SET_STATE, CHUNK_TOP},
	{"mmapped", SET_MMAPPED, 0},
	{"new", SET_FRESH, 0},
	{"gone", SET_FRESH, 1},
	{"leaked", SET_LEAK, 1 << 1 | 1 << 2},
};

/* "type=held by NAME": its second word is no set.  All up to the next word of
 * our own are one name, as they should have been written. */
static bool quote_name(const struct parser *p, char *line, size_t cap)
{
	static const char *const ours[] = {"and", "or", "not", "(", ")"};
	struct strbuf name = {0};
	size_t i = p->at < 2 ? p->count : p->at - 2;
	bool fits, ended = false;

	if (i == p->count || (strncmp(p->token[i], "type=", 5) != 0 &&
			      strncmp(p->token[i], "content=", 8) != 0))
		return false;
	for (; i < p->count && !ended; i++) {
		for (size_t j = 0; j < sizeof ours / sizeof *ours; j++)
			ended |= !strcmp(p->token[i], ours[j]);
		if (!ended)
			strbuf_addf(&name, "%s%s", name.len ? " " : "",
				    p->token[i]);
	}
	fits = words_append(line, cap, strbuf_str(&name));
	strbuf_deinit(&name);
	return fits;
}

static int no_set(const struct parser *p, const char *token, struct error *err)
{
	char name[300] = "";

	if (quote_name(p, name, sizeof name))
		return error_set(err, ERR_USAGE,
				 "\"%s\" is no set of chunks: a name with a "
				 "blank in it is quoted, %s",
				 token, name);
	return error_set(err, ERR_USAGE,
			 "\"%s\" is no set of chunks: used, free, cached, top, "
			 "mmapped, all, new, gone, leaked, size>=N, class=N, "
			 "arena=N, state=NAME, leak=KIND, type=NAME, "
			 "content=TEXT, joined by and, or, not",
			 token);
}

static int plain_atom(struct parser *p, const char *token, uint32_t *out,
		      struct error *err)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct set_node node = {.op = plain[i].op,
					.value = plain[i].value};

		if (strcmp(token, plain[i].name) != 0)
			continue;
		if (node.op == SET_FRESH && node.value)
			p->set->asks_gone = true;
		else if (node.op == SET_FRESH)
			p->set->asks_new = true;
		if (node.op == SET_LEAK)
			p->set->asks_leaks = true;
		*out = add_node(p, &node);
		return 0;
	}
	return no_set(p, token, err);
}

/* content= and type=: what is behind it is the user's. */
static int text_atom(struct parser *p, enum set_op op, const char *text,
		     uint32_t *out, struct error *err)
{
	struct set_node node = {.op = op};
	size_t len = strlen(text);

	/* Quotes that the command line left in place. */
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	if (!len)
		return error_set(err, ERR_USAGE, "%s",
				 op == SET_TYPE ? "type= wants a name: types "
						  "lists them"
						: "content= wants a text");
	node.text = xstrndup(text, len);
	node.text_len = len;
	if (op == SET_TYPE)
		p->set->asks_types = true;
	else
		p->set->asks_content = true;
	*out = add_node(p, &node);
	return 0;
}

static int leak_atom(struct parser *p, const char *name, uint32_t *out,
		     struct error *err)
{
	static const char *const kind[] = {"definite", "indirect", "possible",
					   "reachable"};
	struct set_node node = {.op = SET_LEAK};

	for (unsigned i = 0; i < sizeof kind / sizeof *kind; i++)
		if (!strcmp(name, kind[i]))
			node.value = UINT64_C(2) << i;
	if (!node.value)
		return error_set(err, ERR_USAGE,
				 "leak= is definite, indirect, possible or "
				 "reachable");
	p->set->asks_leaks = true;
	*out = add_node(p, &node);
	return 0;
}

static int arena_value(const char *text, uint64_t *value, struct error *err)
{
	if (strcmp(text, "mmapped") == 0) {
		*value = ARENA_MMAPPED;
		return 0;
	}
	return parse_u64(text, value, err);
}

static int compare_atom(struct parser *p, const char *token, size_t name_len,
			uint32_t *out, struct error *err)
{
	struct set_node node = {.op = SET_SIZE};
	const char *op = token + name_len, *text;

	if (op[0] == '=')
		node.cmp = SET_EQ;
	else if (op[0] == '>')
		node.cmp = op[1] == '=' ? SET_GE : SET_GT;
	else
		node.cmp = op[1] == '=' ? SET_LE : SET_LT;
	text = op + strlen(set_cmp_text[node.cmp]);
	if (name_len == 5 && strncmp(token, "state", 5) == 0 &&
	    node.cmp == SET_EQ && strcmp(text, "new") != 0 &&
	    strcmp(text, "gone") != 0 && strcmp(text, "all") != 0)
		return plain_atom(p, text, out, err);
	if (name_len == 7 && strncmp(token, "content", 7) == 0 &&
	    node.cmp == SET_EQ)
		return text_atom(p, SET_CONTENT, text, out, err);
	if (name_len == 4 && strncmp(token, "type", 4) == 0 &&
	    node.cmp == SET_EQ)
		return text_atom(p, SET_TYPE, text, out, err);
	if (name_len == 4 && strncmp(token, "leak", 4) == 0 &&
	    node.cmp == SET_EQ)
		return leak_atom(p, text, out, err);
	if (name_len == 5 && strncmp(token, "arena", 5) == 0 &&
	    node.cmp == SET_EQ) {
		node.op = SET_ARENA;
		if (arena_value(text, &node.value, err))
			return error_wrap(err, "%s", token);
		*out = add_node(p, &node);
		return 0;
	}
	if (name_len == 5 && strncmp(token, "class", 5) == 0)
		node.op = SET_CLASS;
	else if (name_len != 4 || strncmp(token, "size", 4) != 0)
		return error_set(
			err, ERR_USAGE,
			"\"%s\": size, class, arena, state, leak, type "
			"or content can be compared",
			token);
	if (parse_size(text, &node.value, err))
		return error_wrap(err, "%s", token);
	*out = add_node(p, &node);
	return 0;
}

static int atom(struct parser *p, uint32_t *out, struct error *err)
{
	const char *token = peek(p);
	size_t name_len = strcspn(token, "=<>");

	p->at++;
	if (strcmp(token, "and") == 0 || strcmp(token, "or") == 0)
		return error_set(err, ERR_USAGE,
				 "a set is wanted before \"%s\"", token);
	strbuf_addf(&p->text, strpbrk(token, " \t") ? "'%s'" : "%s", token);
	if (token[name_len])
		return compare_atom(p, token, name_len, out, err);
	return plain_atom(p, token, out, err);
}

static int parse_or(struct parser *p, uint32_t *out, struct error *err);

static int factor(struct parser *p, uint32_t *out, struct error *err)
{
	struct set_node node = {.op = SET_NOT};
	int ret = -1;

	if (!peek(p))
		return error_set(err, ERR_USAGE,
				 "the set ends where more is wanted");
	if (p->depth == MAX_DEPTH)
		return error_set(err, ERR_USAGE,
				 "the set is nested more than %d deep",
				 MAX_DEPTH);
	p->depth++;
	if (take(p, "not")) {
		strbuf_add(&p->text, "not ");
		ret = factor(p, &node.left, err);
		if (!ret)
			*out = add_node(p, &node);
	} else if (take(p, "(")) {
		strbuf_addc(&p->text, '(');
		ret = parse_or(p, out, err);
		if (!ret && !take(p, ")"))
			ret = error_set(err, ERR_USAGE,
					"a closing parenthesis is missing");
		strbuf_addc(&p->text, ')');
	} else if (strcmp(peek(p), ")") == 0) {
		error_set(err, ERR_USAGE,
			  "a set is wanted before the closing parenthesis");
	} else {
		ret = atom(p, out, err);
	}
	p->depth--;
	return ret;
}

static int parse_and(struct parser *p, uint32_t *out, struct error *err)
{
	if (factor(p, out, err))
		return -1;
	while (peek(p) && strcmp(peek(p), "or") != 0 &&
	       strcmp(peek(p), ")") != 0) {
		struct set_node node = {.op = SET_AND, .left = *out};

		take(p, "and");
		strbuf_add(&p->text, " and ");
		if (factor(p, &node.right, err))
			return -1;
		*out = add_node(p, &node);
	}
	return 0;
}

static int parse_or(struct parser *p, uint32_t *out, struct error *err)
{
	if (parse_and(p, out, err))
		return -1;
	while (take(p, "or")) {
		struct set_node node = {.op = SET_OR, .left = *out};

		strbuf_add(&p->text, " or ");
		if (parse_and(p, &node.right, err))
			return -1;
		*out = add_node(p, &node);
	}
	return 0;
}

static int parse_all(struct parser *p, struct error *err)
{
	if (p->count > MAX_TOKENS)
		return error_set(err, ERR_USAGE,
				 "the set has more than %d words", MAX_TOKENS);
	if (parse_or(p, &p->set->root, err))
		return -1;
	if (peek(p))
		return error_set(err, ERR_USAGE,
				 "\"%s\" is not expected in the set", peek(p));
	if (p->set->asks_new && p->set->asks_gone)
		return error_set(err, ERR_USAGE,
				 "new and gone chunks are in different "
				 "snapshots: ask for one of them");
	return 0;
}

int set_parse(const char *const *words, size_t count, const char *fallback,
	      struct set **out, struct error *err)
{
	struct parser p = {.set = xcalloc(1, sizeof *p.set)};
	struct words split = {0};
	size_t open = 0;
	int ret;

	if (!count) {
		ret = words_split(&split, fallback ? fallback : "used", err);
		if (ret) {
			free(p.set);
			return -1;
		}
		words = (const char *const *)split.word;
		count = split.count;
	}
	for (size_t i = 0; i < count; i++)
		tokenise(&p, words[i], &open);
	ret = parse_all(&p, err);
	for (size_t i = 0; i < p.count; i++)
		free(p.token[i]);
	free(p.token);
	words_deinit(&split);
	p.set->text = strbuf_take(&p.text);
	if (ret) {
		set_destroy(p.set);
		return -1;
	}
	*out = p.set;
	return 0;
}
