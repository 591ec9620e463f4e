#include "runtime/expression/syntax/tree_converter.hpp"

#include "runtime/expression/bind/foreign_calls.hpp"
#include "runtime/expression/bind/lambdas.hpp"
#include "runtime/expression/syntax/named_arguments.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace millrace::expression {
namespace {

using tree = PgQuery__Node;

/// Thrown inside this file only, to leave the recursion at the first problem.
struct refused {
  problem what;
};

class converter {
public:
  converter(std::string_view text, std::size_t prefix) : text_(text), prefix_(prefix) {}

  syntax convert(const tree* n) {
    if (!n)
      throw refused{{0, "an expression is missing here"}};
    if (++depth_ > deepest_nesting)
      throw refused{
          {where(n), fmt::format("the expression nests deeper than {} levels; split it into several "
                                 "columns",
                                 deepest_nesting)}};
    auto out = dispatch(n);
    --depth_;
    return out;
  }

private:
  [[nodiscard]] std::size_t offset(std::int32_t location) const {
    const auto at =
        location < static_cast<std::int32_t>(prefix_) ? 0 : static_cast<std::size_t>(location) - prefix_;
    return std::min(at, text_.size());
  }

  [[nodiscard]] std::size_t where(const tree* n) const {
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
      return offset(n->a_const->location);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return offset(n->column_ref->location);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return offset(n->func_call->location);
    case PG_QUERY__NODE__NODE_A_EXPR:
      return offset(n->a_expr->location);
    case PG_QUERY__NODE__NODE_SUB_LINK:
      return offset(n->sub_link->location);
    case PG_QUERY__NODE__NODE_PARAM_REF:
      return offset(n->param_ref->location);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      return offset(n->collate_clause->location);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      return offset(n->a_array_expr->location);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      return offset(n->row_expr->location);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      return offset(n->named_arg_expr->location);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
      return where(n->a_indirection->arg);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
      return offset(n->grouping_func->location);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
      return offset(n->set_to_default->location);
    case PG_QUERY__NODE__NODE_XML_EXPR:
      return offset(n->xml_expr->location);
    default:
      return 0;
    }
  }

  syntax make(form what, std::size_t at, std::string text = {}) {
    syntax s;
    s.what = what;
    s.offset = at;
    s.text = std::move(text);
    return s;
  }

  [[noreturn]] void unsupported(std::size_t at, std::string_view what, std::string_view remedy = {}) {
    throw refused{{at, remedy.empty()
                           ? fmt::format("{} cannot be used in an expression here", what)
                           : fmt::format("{} cannot be used in an expression here; {}", what, remedy)}};
  }

  syntax dispatch(const tree* n) {
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
      return constant(*n->a_const);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return column(*n->column_ref);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return call(*n->func_call);
    case PG_QUERY__NODE__NODE_A_EXPR:
      return operation(*n->a_expr);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return cast(*n->type_cast);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return boolean(*n->bool_expr);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
      return case_of(*n->case_expr);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      return with_args(make(form::coalesce, offset(n->coalesce_expr->location)), n->coalesce_expr->args,
                       n->coalesce_expr->n_args);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: {
      const auto& e = *n->min_max_expr;
      const auto what = e.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? form::greatest : form::least;
      return with_args(make(what, offset(e.location)), e.args, e.n_args);
    }
    case PG_QUERY__NODE__NODE_NULL_TEST: {
      const auto& e = *n->null_test;
      auto out = make(form::is_null, offset(e.location));
      out.flag = e.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
      out.args.push_back(convert(e.arg));
      return out;
    }
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
      return boolean_test(*n->boolean_test);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
      return value_function(*n->sqlvalue_function);
    case PG_QUERY__NODE__NODE_SUB_LINK:
      unsupported(where(n), "a subquery",
                  "a stage with \"join\" adds the columns of another stage's rows, and one with \"window\" "
                  "aggregates rows");
    case PG_QUERY__NODE__NODE_PARAM_REF:
      unsupported(where(n), "a parameter ($1)",
                  "write the value, or ${NAME} to take it from the environment");
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
      return indirection(*n->a_indirection);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      return with_args(make(form::list, offset(n->a_array_expr->location)), n->a_array_expr->elements,
                       n->a_array_expr->n_elements);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      return with_args(make(form::row, where(n)), n->row_expr->args, n->row_expr->n_args);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      unsupported(where(n), "collate", "text is always ordered by its UTF-8 bytes");
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      if (reads_name(convert(n->named_arg_expr->arg), n->named_arg_expr->name))
        throw refused{{where(n), std::string(no_lambdas)}};
      unsupported(where(n), "a named argument", "give the arguments by position");
    case PG_QUERY__NODE__NODE_LIST:
      unsupported(where(n), "a list of values");
    default:
      unsupported(where(n), "this construct");
    }
  }

  syntax with_args(syntax s, tree* const* args, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      s.args.push_back(convert(args[i]));
    return s;
  }

  syntax constant(const PgQuery__AConst& c) {
    const auto at = offset(c.location);
    if (c.isnull)
      return make(form::null, at);
    switch (c.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
      return make(form::integer, at, std::to_string(c.ival->ival));
    case PG_QUERY__A__CONST__VAL_FVAL: {
      const std::string_view digits = c.fval->fval;
      std::int64_t value = 0;
      const auto [end, err] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      const bool whole = err == std::errc{} && end == digits.data() + digits.size();
      return make(whole ? form::integer : form::decimal, at, std::string(digits));
    }
    case PG_QUERY__A__CONST__VAL_BOOLVAL: {
      auto out = make(form::boolean, at);
      out.flag = c.boolval->boolval != 0;
      return out;
    }
    case PG_QUERY__A__CONST__VAL_SVAL:
      return make(form::string, at, c.sval->sval);
    default:
      unsupported(at, "a bit string");
    }
  }

  syntax column(const PgQuery__ColumnRef& ref) {
    auto out = make(form::column, offset(ref.location));
    for (std::size_t i = 0; i < ref.n_fields; ++i) {
      const auto* f = ref.fields[i];
      if (f->node_case != PG_QUERY__NODE__NODE_STRING)
        unsupported(out.offset, "*", "name the columns, or write \"*\": true in the columns of a stage");
      out.path.push_back({f->string->sval, true});
    }
    // The parser folds and cuts names; the text knows their spelling.
    auto spelt = names_at(text_, out.offset);
    if (spelt.size() == out.path.size())
      out.path = std::move(spelt);
    return out;
  }

  std::string last_name(tree* const* names, std::size_t count) {
    return count == 0 ? std::string{} : std::string(names[count - 1]->string->sval);
  }

  syntax call(const PgQuery__FuncCall& f) {
    const auto at = offset(f.location);
    auto name = last_name(f.funcname, f.n_funcname);
    if (f.n_funcname > 1 && std::string_view(f.funcname[0]->string->sval) != "pg_catalog")
      unsupported(at, "a function with a schema");
    if (f.over)
      unsupported(at, "a window function (over ...)", "use a window stage");
    if (f.func_variadic)
      unsupported(at, "variadic");
    auto out = make(form::call, at, std::move(name));
    out.star = f.agg_star != 0;
    out.distinct = f.agg_distinct != 0;
    if (is_foreign_call(out.text))
      for (auto& argument : written_arguments(text_.substr(at)))
        out.path.push_back({std::move(argument), true});
    out = has_named_parameters(out.text) ? with_named_args(std::move(out), f)
                                         : with_args(std::move(out), f.args, f.n_args);
    if (f.agg_filter)
      out.filter.push_back(convert(f.agg_filter));
    out.within = f.agg_within_group != 0;
    for (std::size_t i = 0; i < f.n_agg_order; ++i)
      out.order.push_back(order_item(*f.agg_order[i]->sort_by));
    if (out.text != "jsonb_agg")
      return out;
    out.text = "array_agg";  // the jsonb of that list is what it is
    auto whole = make(form::call, at, "to_jsonb");
    whole.args.push_back(std::move(out));
    return whole;
  }

  syntax with_named_args(syntax s, const PgQuery__FuncCall& f) {
    std::vector<written_argument> written;
    for (std::size_t i = 0; i < f.n_args; ++i) {
      const auto* a = f.args[i];
      const bool named = a->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
      written.push_back({named ? std::string(a->named_arg_expr->name) : std::string(),
                         convert(named ? a->named_arg_expr->arg : a)});
    }
    auto out = with_arguments(std::move(s), std::move(written));
    if (!out)
      throw refused{std::move(out.error().front())};
    return *std::move(out);
  }

  ordered order_item(const PgQuery__SortBy& by) {
    ordered out;
    out.value = convert(by.node);
    if (by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
      unsupported(out.value.offset, "order by ... using", "write asc or desc");
    out.descending = by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    out.nulls_first = by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                      (by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT && out.descending);
    return out;
  }

  syntax binary(form what, const PgQuery__AExpr& e, bool flag, std::string text = {}) {
    auto out = make(what, offset(e.location), std::move(text));
    out.flag = flag;
    if (e.lexpr)
      out.args.push_back(convert(e.lexpr));
    out.args.push_back(convert(e.rexpr));
    return out;
  }

  syntax listed(form what, const PgQuery__AExpr& e, bool negated) {
    auto out = make(what, offset(e.location));
    out.flag = negated;
    out.args.push_back(convert(e.lexpr));
    if (e.rexpr->node_case != PG_QUERY__NODE__NODE_LIST)
      unsupported(out.offset, "this list");
    return with_args(std::move(out), e.rexpr->list->items, e.rexpr->list->n_items);
  }

  syntax operation(const PgQuery__AExpr& e) {
    auto name = last_name(e.name, e.n_name);
    switch (e.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
      if (e.n_name > 1)
        unsupported(offset(e.location), "an operator with a schema");
      return binary(form::call, e, false, std::move(name));
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
      return binary(form::distinct_from, e, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      return binary(form::distinct_from, e, true);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      return binary(form::nullif, e, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
      return listed(form::in_list, e, name == "<>");
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
      return listed(form::between, e, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
      return listed(form::between, e, true);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: {
      auto out = listed(form::between, e, e.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM);
      out.star = true;
      return out;
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
      return binary(form::call, e, false, std::move(name));  // similar_to_escape is around the pattern
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
      return binary(form::quantified, e, e.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL, std::move(name));
    default:
      unsupported(offset(e.location), "this operator");
    }
  }

  syntax cast(const PgQuery__TypeCast& c) {
    const auto& t = *c.type_name;
    auto name = last_name(t.names, t.n_names);
    const auto at = offset(t.location);
    if (t.n_array_bounds > 1 || t.setof || t.pct_type)
      unsupported(at, "an array type of several dimensions");
    if (t.n_typmods != 0 && t.n_array_bounds != 0)
      unsupported(at, fmt::format("a list of {} with a size or fields in its type", name),
                  "cast the elements before they are a list");
    auto out = make(form::cast, at, std::move(name));
    out.flag = t.n_array_bounds != 0;
    out.args.push_back(convert(c.arg));
    return with_args(std::move(out), t.typmods, t.n_typmods);
  }

  /// PostgreSQL takes subscripts side by side for dimensions, all of them slices where one is.
  static bool are_slices(const tree* before, const tree* step) {
    return before->node_case == PG_QUERY__NODE__NODE_A_INDICES &&
           (before->a_indices->is_slice != 0 || step->a_indices->is_slice != 0);
  }

  syntax subscript(syntax of, const PgQuery__AIndices& i) {
    auto out = make(i.is_slice != 0 ? form::slice : form::element, of.offset);
    out.args.push_back(std::move(of));
    if (i.is_slice == 0) {
      out.args.push_back(convert(i.uidx));
      return out;
    }
    out.args.push_back(i.lidx ? convert(i.lidx) : make(form::integer, out.offset, "1"));
    out.args.push_back(
        i.uidx ? convert(i.uidx)
               : make(form::integer, out.offset, std::to_string(std::numeric_limits<std::int64_t>::max())));
    return out;
  }

  /// Elements, slices and members that follow a value: x[1].name.
  syntax indirection(const PgQuery__AIndirection& i) {
    auto out = convert(i.arg);
    for (std::size_t n = 0; n < i.n_indirection; ++n) {
      const auto* step = i.indirection[n];
      if (step->node_case == PG_QUERY__NODE__NODE_STRING) {
        auto next = make(form::member, out.offset);
        next.path.push_back({step->string->sval, false});
        next.args.push_back(std::move(out));
        out = std::move(next);
      } else if (step->node_case == PG_QUERY__NODE__NODE_A_INDICES) {
        if (n > 0 && are_slices(i.indirection[n - 1], step))
          unsupported(out.offset, "a slice beside another subscript",
                      "put parentheses around the first, as in (x[2:3])[1]");
        out = subscript(std::move(out), *step->a_indices);
      } else {
        unsupported(out.offset, "*");
      }
      if (++depth_ > deepest_nesting)
        unsupported(out.offset, "so long a path");
    }
    depth_ -= i.n_indirection;
    return out;
  }

  syntax boolean(const PgQuery__BoolExpr& e) {
    const auto what = e.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? form::all_of
                      : e.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? form::any_of
                                                                      : form::negation;
    return with_args(make(what, offset(e.location)), e.args, e.n_args);
  }

  syntax case_of(const PgQuery__CaseExpr& e) {
    auto out = make(form::case_of, offset(e.location));
    out.flag = e.arg != nullptr;
    if (e.arg)
      out.args.push_back(convert(e.arg));
    for (std::size_t i = 0; i < e.n_args; ++i) {
      out.args.push_back(convert(e.args[i]->case_when->expr));
      out.args.push_back(convert(e.args[i]->case_when->result));
    }
    out.args.push_back(e.defresult ? convert(e.defresult) : make(form::null, out.offset));
    return out;
  }

  syntax boolean_test(const PgQuery__BooleanTest& e) {
    static constexpr std::string_view tests[] = {
        "", "is true", "is not true", "is false", "is not false", "is unknown", "is not unknown"};
    auto out = make(form::boolean_test, offset(e.location), std::string(tests[e.booltesttype]));
    out.args.push_back(convert(e.arg));
    return out;
  }

  syntax value_function(const PgQuery__SQLValueFunction& f) {
    const auto at = offset(f.location);
    const auto word = word_at(text_, at);
    auto now = make(form::current_instant, at, std::string(word));
    const auto of_type = [&](std::string type, bool sized) {
      auto out = make(form::cast, at, std::move(type));
      out.args.push_back(std::move(now));
      if (sized)
        out.args.push_back(make(form::integer, at, std::to_string(f.typmod)));
      return out;
    };
    switch (f.op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
      return now;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
      return of_type("timestamptz", true);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
      return of_type("timestamp", f.op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
      return of_type("date", false);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N:
      return of_type("time", f.op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
      unsupported(at, word, "use localtime, which is the time of day in UTC");
    default:
      break;
    }
    // user, current_role ...: words that a column may well be called by
    auto out = make(form::column, at);
    out.path.push_back({std::string(word), false});
    out.flag = true;  // only a column in double quotes can be meant
    return out;
  }

  std::string_view text_;
  std::size_t prefix_;
  std::size_t depth_ = 0;
};

}  // namespace

bound_or<syntax> convert_tree(const PgQuery__Node* tree, std::string_view text, std::size_t prefix) {
  try {
    return converter(text, prefix).convert(tree);
  } catch (refused& r) {
    return tl::unexpected(problems{std::move(r.what)});
  }
}

}  // namespace millrace::expression
