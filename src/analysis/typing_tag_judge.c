/* Which struct is it that all blocks of one tag are? */
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_tags.h"
#include "base/alloc.h"

enum {
	SEVERAL = 3,	/* blocks: fewer prove nothing by what they are not */
	SHARE = 4,	/* so many of a group must have pointers that agree */
	CODE_SHARE = 8, /* all but so many must fit what code says */
	MOST = 4,	/* all but so many */
	KNOWN_MAX = 4,	/* types of one value are compared */
	OFTEN = 16,	/* so often known, a struct has all its tags shown */
	NESTED_MAX = 8, /* structs in an object with functions */
	FUNCTIONS_MAX = 64 /* of it are looked at */
};

/* Of blocks with that value, a type that some are known as. */
struct known_type {
	uint32_t node;
	size_t blocks;
	bool fits; /* the unknown ones, and more than by chance */
	bool agrees;
	struct tag_fit fit;
};

bool tag_is_of_others(const struct tag_known *known, uint32_t node,
		      uint64_t value)
{
	uint64_t all = 0;

	return u64map_get(&known->all, node, &all) && all >= OFTEN &&
	       !u64map_get(&known->same, node_mix(node, value), NULL);
}

static bool is_of_others(const struct tag_group *group, uint32_t node)
{
	return tag_is_of_others(group->known, node, group->place[0].value);
}

/* Is node known more often with other values? */
static bool is_rather_of_others(const struct tag_group *group, uint32_t node)
{
	uint64_t all = 0, same = 0;

	u64map_get(&group->known->all, node, &all);
	u64map_get(&group->known->same, node_mix(node, group->place[0].value),
		   &same);
	return all - same > same;
}

/* Too many pointers are where it has none. */
static bool has_others(const struct tag_fit *fit)
{
	return fit->other * SHARE > fit->looked;
}

static bool agrees(const struct tag_group *group, const struct tag_fit *fit)
{
	return group->unknown >= SEVERAL && fit->agree >= SEVERAL &&
	       fit->agree * SHARE >= group->unknown && !has_others(fit);
}

static bool agrees_much(const struct tag_group *group,
			const struct tag_fit *fit)
{
	size_t wrong = group->unknown - fit->agree_much;

	return group->unknown >= SEVERAL && wrong * MOST <= group->unknown &&
	       fit->other * OFTEN <= fit->looked;
}

struct judging {
	struct follow *f;
	const struct tag_group *group;
	struct tag_verdict *out;
	struct known_type known[KNOWN_MAX];
	size_t knowns;
	bool lies;	 /* more than these */
	uint32_t likely; /* agrees, and is not known to be of others */
	struct tag_fit likely_fit;
	size_t agreeing;      /* not of others, nor known */
	size_t likely_others; /* that fit, and are not of others */
	uint32_t more;	      /* the last that leaves room; 0: a poor one */
	struct tag_fit more_fit;
};

static struct known_type *known_of(struct judging *j, uint32_t node)
{
	for (size_t i = 0; i < j->knowns; i++)
		if (j->known[i].node == node)
			return &j->known[i];
	return NULL;
}

static void judge_known(struct judging *j)
{
	const struct tag_group *group = j->group;

	for (size_t i = group->unknown; i < group->count && !j->lies; i++) {
		uint32_t node = group->place[i].known;
		struct known_type *known = known_of(j, node);

		j->out->known++;
		if (!known && j->knowns == KNOWN_MAX) {
			j->lies = true;
		} else {
			if (!known)
				known = &j->known[j->knowns++];
			known->node = node;
			known->blocks++;
		}
	}
	j->out->lies = j->knowns > 1;
}

/* The type of them that fits.  Pointers of others are old if it alone does, and
 * they are very few. */
static const struct known_type *judge_best(const struct judging *j)
{
	const struct known_type *best = NULL;
	size_t others = 0;

	for (size_t i = 0; i < j->knowns; i++) {
		if (j->known[i].fits && best)
			return NULL;
		if (j->known[i].fits)
			best = &j->known[i];
		else
			others += j->known[i].blocks;
	}
	return !j->lies && others * TAG_OLD_SHARE <= j->group->count ? best
								     : NULL;
}

static void decide(struct tag_verdict *out, enum tag_by by, uint32_t node,
		   const struct tag_fit *fit)
{
	out->by = by;
	out->node = node;
	out->fitting_blocks = fit->good;
	out->late = fit->late;
}

static int try_one(struct judging *j, uint32_t node, struct error *err)
{
	struct tag_verdict *out = j->out;
	struct known_type *known = known_of(j, node);
	struct tag_fit fit;

	if (j->f->p->nodes.node[node].kind != NODE_STRUCT)
		return 0;
	if (tag_fit(j->f, j->group, node, true, &fit, err))
		return -1;
	if (!fit.fits || (!fit.whole && has_others(&fit)))
		return 0;
	if (known) {
		known->fit = fit;
		known->agrees = agrees(j->group, &fit);
		if (fit.whole || fit.open)
			known->fits = !has_others(&fit) &&
				      (j->group->validated || known->agrees);
		else
			known->fits = agrees_much(j->group, &fit);
	}
	if (!fit.whole) {
		/* Something may be behind it, with no pointer in it. */
		if (!is_of_others(j->group, node)) {
			out->open = true;
			j->likely_others++;
			j->more = agrees_much(j->group, &fit) ? node : 0;
			j->more_fit = fit;
		}
		return 0;
	}
	if (is_of_others(j->group, node))
		return 0;
	if (out->fittings < TAG_SHOWN)
		out->fitting[out->fittings] = node;
	out->fittings++;
	j->likely_others++;
	if (agrees(j->group, &fit)) {
		j->likely = node;
		j->likely_fit = fit;
		j->agreeing += !known;
		out->supported = true;
	}
	return 0;
}

static int judge_code(struct judging *j, struct error *err)
{
	struct tag_verdict *out = j->out;
	struct tag_fit fit;
	uint32_t node;

	if (j->group->member->type->kind != TYPE_POINTER)
		return 0;
	if (tag_code(j->f, j->group, &node, &out->code, err))
		return -1;
	/* That pointers say otherwise of some is no matter: they are old. */
	if (!node)
		return 0;
	if (tag_fit(j->f, j->group, node, false, &fit, err))
		return -1;
	/* What was freed and is kept for the next one has old pointers. */
	if (fit.good * CODE_SHARE < j->group->unknown * (CODE_SHARE - 1))
		return 0;
	decide(out, TAG_CODE, node, &fit);
	out->supported = true;
	return 0;
}

/* Malloc's rounding leaves room for a larger one in blocks that are a T and no
 * more. */
static bool may_be_bare(struct follow *f, const struct tag_group *group)
{
	size_t whole = 0;

	for (size_t i = 0; i < group->unknown; i++)
		whole += tag_whole(f, &group->place[i], group->family->node);
	return whole * 2 > group->unknown;
}

int tag_judge(struct follow *f, const struct tag_group *group,
	      struct tag_verdict *out, struct error *err)
{
	struct judging j = {.f = f, .group = group, .out = out};
	const struct known_type *known;

	*out = (struct tag_verdict){.by = TAG_NOT,
				    .fitting_blocks = group->unknown};
	judge_known(&j);
	if (judge_code(&j, err))
		return -1;
	if (out->by != TAG_NOT)
		return 0;
	/* Of what is no variable, who uses it may be anybody. */
	if (group->member->type->kind == TYPE_POINTER && !group->object)
		return 0;
	for (size_t i = 0; i < group->family->mores; i++) {
		if (try_one(&j, group->family->more[i], err))
			return -1;
		/* Nothing can come of it any more. */
		if (group->object && !j.knowns && j.likely_others > TAG_SHOWN)
			break;
	}
	out->bare = may_be_bare(f, group);
	if (out->known) {
		known = judge_best(&j);
		if (!known || (j.agreeing && !group->validated))
			return 0;
		/* Some pointers may be old: they would make all that are a T
		 * what they lead to, if it has no pointer to be told by. */
		if (out->bare && !known->agrees &&
		    known->blocks < group->unknown)
			return 0;
		/* Another fits just as well: so few may be old, of what has
		 * other values. */
		if (j.agreeing && known->blocks < group->unknown &&
		    is_rather_of_others(group, known->node))
			return 0;
		out->lies = false;
		out->known = known->blocks;
		decide(out, TAG_KNOWN, known->node, &known->fit);
		out->supported = true;
	} else if (j.likely && j.likely_others == 1) {
		decide(out, TAG_ONLY, j.likely, &j.likely_fit);
	} else if (j.more && j.likely_others == 1) {
		decide(out, TAG_ONLY, j.more, &j.more_fit);
		out->more = true;
	}
	return 0;
}

/* What a function takes a pointer to first; NULL. */
static struct type *first_of(struct type *function)
{
	const struct member *m;
	struct type *type;

	if (type_strip(function)->kind != TYPE_FUNCTION ||
	    !type_members(type_strip(function), &m))
		return NULL;
	type = type_strip(m[0].type);
	return type->kind == TYPE_POINTER ? type_target(type) : NULL;
}

struct voting {
	struct follow *f;
	const struct tag_group *group;
	uint32_t node; /* what functions take; 0: none yet */
	bool differ;
	char *code; /* owned: how */
	uint64_t addr;
	unsigned functions;
};

static bool begins_family(const struct tag_family *family, uint32_t node)
{
	for (size_t i = 0; i < family->mores; i++)
		if (family->more[i] == node)
			return true;
	return false;
}

/* The pointer at addr is declared to take a T, or anything. */
static int vote(struct voting *v, struct type *declared, const char *name,
		uint64_t addr, struct error *err)
{
	struct type *says = first_of(declared), *takes, *function;
	struct nodes *nodes = &v->f->p->nodes;
	uint32_t said, node;
	uint64_t value;

	if (!says || v->functions++ >= FUNCTIONS_MAX ||
	    !follow_word(v->f, addr, &value) || !value)
		return 0;
	if (!node_of(nodes, says, &said, err))
		return -1;
	if (type_strip(says)->kind != TYPE_VOID &&
	    said != v->group->family->node)
		return 0;
	function = symbols_function_type(v->f->t->symbols, value);
	takes = function ? first_of(function) : NULL;
	if (!takes)
		return 0;
	if (!node_of(nodes, takes, &node, err) || nodes_note(nodes, err))
		return -1;
	if (!begins_family(v->group->family, node))
		return 0;
	/* The larger one says more, if it begins with the other. */
	if (v->node && node != v->node && !node_begins(nodes, node, v->node)) {
		v->differ |= !node_begins(nodes, v->node, node);
		return 0;
	}
	if (node == v->node)
		return 0;
	v->node = node;
	free(v->code);
	v->code = xasprintf("the function in its %s takes a %s where its "
			    "declaration says %s",
			    name, nodes->node[node].name,
			    said ? nodes->node[said].name : "void");
	return 0;
}

static int vote_all(struct voting *v, struct type *type, uint64_t addr,
		    unsigned depth, struct error *err)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		struct type *t = type_strip(m[i].type);
		int ret = 0;

		if (m[i].bit_size)
			continue;
		if (t->kind == TYPE_STRUCT && depth < NESTED_MAX)
			ret = vote_all(v, t, addr + m[i].offset, depth + 1,
				       err);
		else if (t->kind == TYPE_POINTER &&
			 type_strip(type_target(t))->kind == TYPE_FUNCTION)
			ret = vote(v, type_target(t),
				   m[i].name ? m[i].name : "pointer",
				   addr + m[i].offset, err);
		if (ret)
			return -1;
	}
	return 0;
}

int tag_code(struct follow *f, const struct tag_group *group, uint32_t *out,
	     char **code, struct error *err)
{
	struct type *object = type_strip(type_target(group->member->type));
	struct voting v = {.f = f, .group = group};
	int ret = 0;

	*out = 0;
	*code = NULL;
	if (object->kind == TYPE_STRUCT && group->place[0].value)
		ret = vote_all(&v, object, group->place[0].value, 0, err);
	if (!ret && v.node && !v.differ) {
		*out = v.node;
		*code = v.code;
		return 0;
	}
	free(v.code);
	return ret;
}
