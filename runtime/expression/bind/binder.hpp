// Turns syntax into a bound and typed tree: names looked up, overloads chosen, implicit casts put in,
// literals read, constant parts computed. Collects every problem it meets.
#pragma once

#include "runtime/expression/bind/aggregate_names.hpp"
#include "runtime/expression/bind/node.hpp"
#include "runtime/expression/bind/unnest.hpp"
#include "runtime/expression/syntax/syntax.hpp"

#include <functional>

namespace millrace::expression {

class binder {
public:
  /// Says what an aggregate call means; by default a problem. Returns null pointer when it reported one.
  using aggregate_binder = std::function<node_ptr(const syntax&)>;

  /// `unnest`: where unnest(...) may stand; null pointer: it is a problem.
  binder(const scope& names, problems& found, aggregate_binder aggregate = {},
         unnested_list* unnest = nullptr)
      : names_(names), found_(found), aggregate_(std::move(aggregate)), unnest_(unnest) {}

  /// Returns a null pointer where a problem was reported.
  [[nodiscard]] node_ptr bind(const syntax& s);
  /// The same, implicitly cast.
  [[nodiscard]] node_ptr bind_boolean(const syntax& s, std::string_view role);
  /// A whole expression's result: literals become text, what cannot be a column is a problem.
  [[nodiscard]] node_ptr finish(node_ptr n);

  /// Implicit cast; the kinds must allow it. Null pointer where a literal cannot be read.
  [[nodiscard]] node_ptr coerce(node_ptr n, kind to);
  /// The warnings so far, by their places.
  [[nodiscard]] problems take_warnings();

private:
  /// One at each place.
  void warn_at(std::size_t offset, std::string message);
  /// Warns where a comparison with null, an element 0 or a template means something else than it says.
  void warn_of_null(const syntax& s);
  void warn_of_nulls_in(const syntax& in);
  void warn_of_index(const syntax& element);
  void warn_of_call(const syntax& s, const function* f, const std::vector<node_ptr>& args);
  node_ptr problem_at(std::size_t offset, std::string message);
  [[nodiscard]] node_ptr make(op what, kind type, std::size_t offset) const;
  /// The constant that the node is, where all its arguments are.
  [[nodiscard]] node_ptr fold_constant(node_ptr n) const;

  node_ptr column(const syntax& s);
  /// l.NAME, r.NAME: the column of one of the rows of a pair, if the path begins with one.
  [[nodiscard]] std::optional<std::size_t> column_of_side(const syntax& s) const;
  node_ptr unknown_column(const syntax& s);
  node_ptr literal(const syntax& s);
  node_ptr call(const syntax& s);
  node_ptr unnest(const syntax& s);
  /// A problem where an argument reads the elements of unnest(...), as in PostgreSQL.
  [[nodiscard]] bool refuse_unnest(const std::vector<node_ptr>& args, std::string_view within);
  node_ptr call_named(const syntax& s, std::vector<node_ptr> args);
  /// A function or an operator of lists whose elements, and those beside them, get one type.
  node_ptr list_call(const syntax& s, std::vector<node_ptr> args);
  node_ptr build_json(const syntax& s, const function* f, std::vector<node_ptr> args);
  /// json_extract_path(json, text, ...) and its like.
  node_ptr extract_path(const syntax& s, const function* f, std::vector<node_ptr> args);
  node_ptr unknown_function(const syntax& s);
  node_ptr no_overload(const syntax& s, const std::vector<node_ptr>& args);
  node_ptr invoke(const syntax& s, const function* f, std::vector<node_ptr> args);
  node_ptr cast(const syntax& s);
  node_ptr cast_to(node_ptr n, kind to, int bits, std::size_t offset);
  /// The constant that the cast of a literal makes; a problem where it cannot be read.
  node_ptr read_literal(node_ptr cast);
  /// x::varchar(n), x::timestamp(p), x::interval hour to minute and their like.
  node_ptr cast_with_size(const syntax& s, kind to, node_ptr n);
  node_ptr cast_to_fields(node_ptr n, std::span<const std::int64_t> sizes, std::size_t offset);
  /// The call of such a cast, whose further arguments are constants.
  [[nodiscard]] node_ptr modified(const function* by, node_ptr n, std::span<const std::int64_t> sizes,
                                  std::size_t offset) const;
  /// x::numeric(p,s)
  node_ptr cast_to_scale(const syntax& s, node_ptr n);
  /// Writes a value as concat does.
  node_ptr written(node_ptr n);
  node_ptr logic(const syntax& s);
  node_ptr instant(const syntax& s);

  node_ptr case_of(const syntax& s);
  node_ptr coalesce(const syntax& s);
  node_ptr extremum(const syntax& s);
  node_ptr nullif(const syntax& s);
  node_ptr compared(const syntax& s, op what, std::string_view with);
  node_ptr boolean_test(const syntax& s);

  /// Comparisons of rows: operators, in (...), is distinct from.
  node_ptr compared_rows(const syntax& s);
  node_ptr row_comparison(const syntax& s, std::string_view with, const syntax& left, const syntax& right);
  node_ptr ordered_rows(const syntax& s, std::string_view with, const syntax& left, const syntax& right);
  node_ptr bind_pair(const syntax& s, std::string_view with, const syntax& left, const syntax& right);
  node_ptr row_alone(const syntax& s);
  /// Joins conditions by and, or by or; a null pointer where one of them is.
  node_ptr joined(op what, std::vector<node_ptr> conditions, std::size_t offset);

  node_ptr element(const syntax& s);
  node_ptr slice(const syntax& s);
  bool is_subscript(node_ptr& index);
  node_ptr member(const syntax& s);
  node_ptr list(const syntax& s);
  node_ptr quantified(const syntax& s);
  /// True, with a problem, where a function of arrays is asked for more than the outer one of lists in a list.
  bool refuse_dimensions(const syntax& s, const std::vector<node_ptr>& args);
  node_ptr cast_list(const syntax& s, kind element);
  node_ptr cast_elements(node_ptr n, kind element, std::size_t offset);
  /// The same of a literal, or of the list of texts that one has become; a problem where it cannot be read.
  node_ptr list_literal(node_ptr n, kind element);
  /// Members of objects by -> and ->>, without writing and reading JSON; nothing where it is none of that.
  node_ptr json_member(const syntax& s, std::vector<node_ptr>& args);
  /// Casts any value to json.
  node_ptr as_json(node_ptr n);
  /// Casts any value to jsonb, by its json.
  node_ptr as_jsonb(node_ptr n);

  /// All arguments, or nothing where one has a problem.
  std::optional<std::vector<node_ptr>> bind_all(const std::vector<syntax>& args);
  node_ptr not_comparable(const node& of, std::size_t offset);
  /// The same, cast to their common kind; `what` names the construct.
  std::optional<std::vector<node_ptr>> bind_alike(const std::vector<syntax>& args, std::string_view what,
                                                  std::size_t offset);
  /// Casts all to their common kind; false with a problem where there is none.
  bool unify(std::vector<node_ptr*> args, std::string_view what, std::size_t offset);

  const scope& names_;
  problems& found_;
  aggregate_binder aggregate_;
  unnested_list* unnest_;
  problems warnings_;
  bool repeats_members_ = false;  // set while a comparison of rows binds its members several times
};

/// The message about a type of PostgreSQL that is not offered, with what to write instead; empty for others.
[[nodiscard]] std::string why_no_type(std::string_view name);

[[nodiscard]] inline bool is_row(const syntax& s) { return s.what == form::row; }
/// The kind of a list's elements.
[[nodiscard]] inline kind element_of(const node& list) { return kind_of(list.column_type.element()); }
/// The type as messages call it.
[[nodiscard]] std::string in_words(const node& n);
/// Whether it is a kind of elements that `=` and functions of lists take.
[[nodiscard]] bool is_comparable_element(kind k);
/// The operator that compares two such values, after unify(); null pointer where they have none.
[[nodiscard]] const function* comparison_of(std::string_view op, const node& value);

/// A column that stands for the element of an unnest; its list is what is prepared.
[[nodiscard]] inline bool is_element_of_unnest(const node& n) { return n.what == op::column && n.prepared; }

/// The bound expression that a tree makes.
[[nodiscard]] bound bound_of(node_ptr root, problems warnings = {});

/// A member by its name: spelt exactly so, else its lower case.
[[nodiscard]] std::optional<std::size_t> find_member(const data::type& object, const name_part& name);
/// The problem where there is none; `of` is the object in words.
[[nodiscard]] std::string no_member(const data::type& type, const name_part& name, const std::string& of);

/// Says what to write instead of a function or an operator of PostgreSQL's json and jsonb that is not here; empty for others.
[[nodiscard]] std::string_view instead_of_json(std::string_view name);
/// Says which cast makes these arguments fit a function or an operator of json or jsonb; empty where none does.
[[nodiscard]] std::string json_remedy(std::string_view name, const std::vector<node_ptr>& args);
/// The remedy that follows the name of a function that does not exist: `; did you mean first(...)?`
[[nodiscard]] std::string meant_by(const syntax& call, bool aggregates_allowed);

}  // namespace millrace::expression
