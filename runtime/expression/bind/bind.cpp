// The contract's bind functions for scalar expressions: parse, bind. Aggregates are bound in aggregates.cpp.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/numeric_scales.hpp"

namespace millrace::expression {
namespace {

bound_or<bound> bind_syntax(const syntax& s, const scope& names, bool condition) {
  problems found;
  binder b(names, found);
  auto root = condition ? b.bind_boolean(s, "this") : b.bind(s);
  if (root && !condition)
    root = b.finish(std::move(root));
  if (!root || !found.empty())
    return tl::unexpected(std::move(found));
  return bound_of(std::move(root), b.take_warnings());
}

}  // namespace

bound bound_of(node_ptr root, problems warnings) {
  bound out;
  auto t = traits_of(*root);
  out.columns = std::move(t.columns);
  out.can_fail = t.can_fail;
  out.uses_now = t.uses_now;
  const bool whole = root->type == kind::list || root->type == kind::object || root->what == op::column;
  out.type = whole                         ? root->column_type
             : root->type == kind::numeric ? numeric_type_of(*root)
                                           : column_type_of(root->type).value_or(data::type_id::text);
  out.code = std::make_shared<const program>(std::move(root), std::move(warnings));
  return out;
}

bound_or<bound> bind(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  return bind_syntax(*s, names, false);
}

bound_or<bound> bind_condition(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  return bind_syntax(*s, names, true);
}

}  // namespace millrace::expression
