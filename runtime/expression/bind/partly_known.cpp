// A part of an expression is settled where it names known columns only; the binder says what is wrong with
// it. The expression around settled parts has an unknown type, so only names of functions and types can be
// wrong in it.
#include "runtime/expression/bind/partly_known.hpp"

#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/functions/functions.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

/// The columns that a part of an expression reads are all known, or known to be missing.
bool is_settled(const syntax& column, const partial_scope& names) {
  if (names.names.columns == nullptr)
    return false;
  if (column.flag)
    return true;  // a word of SQL is no column
  const auto& first = column.path[0];
  const auto known = [&](const std::string& name) -> std::optional<bool> {
    if (const auto at = names.names.columns->find(name))
      return !names.untyped[*at];
    return std::nullopt;
  };
  if (const auto exact = known(first.name))
    return *exact;
  // A hidden column may be there without being listed; one of the unlisted may be spelt exactly so.
  if (!names.complete || first.name.starts_with('_'))
    return false;
  return first.quoted || known(fold(first.name)).value_or(true);
}

class walker {
public:
  /// `inside`: the columns of aggregates' arguments, where aggregates may stand.
  walker(const partial_scope& names, const partial_scope* inside, problems& found)
      : names_(names), inside_(inside), found_(found) {}

  void check(const syntax& s) {
    if (is_row(s)) {  // it is no value, so that it is bound with the comparison around it alone
      for (const auto& a : s.args)
        check(a);
      return;
    }
    if (settled(s))
      return bind(s);
    switch (s.what) {
    case form::column:
      return;
    case form::call:
      return call(s);
    case form::cast: {
      auto without = s;
      without.args[0] = {};  // null has every type
      without.args[0].what = form::null;
      without.args[0].offset = s.args[0].offset;
      bind(without);
      break;
    }
    default:
      break;
    }
    for (const auto& a : s.args)
      check(a);
  }

  /// Returns whether the types of all its parts are known.
  [[nodiscard]] bool settled(const syntax& s) const {
    if (s.what == form::column)
      return is_settled(s, names_);
    if (s.what == form::call && inside_ != nullptr && is_aggregate(s.text))
      return false;
    const auto part = [&](const syntax& a) { return settled(a); };
    return std::all_of(s.args.begin(), s.args.end(), part) &&
           std::all_of(s.filter.begin(), s.filter.end(), part) &&
           std::all_of(s.order.begin(), s.order.end(), [&](const auto& o) { return settled(o.value); });
  }

private:
  void call(const syntax& s) {
    const bool aggregate = is_aggregate(s.text);
    if (aggregate && inside_ != nullptr) {
      walker arguments(*inside_, nullptr, found_);
      for (const auto* part : {&s.args, &s.filter})
        for (const auto& a : *part)
          arguments.check(a);
      for (const auto& o : s.order)
        arguments.check(o.value);
      return;
    }
    if (aggregate || (functions_named(s.text).empty() && s.text != "unnest") || s.star || s.distinct ||
        s.within || !s.filter.empty() || !s.order.empty()) {
      auto without = s;  // its name is wrong, or its form: the arguments have no part in that
      without.args.clear();
      bind(without);
    }
    for (const auto& a : s.args)
      check(a);
  }

  void bind(const syntax& s) {
    const auto any = [](const syntax&) -> node_ptr { return nullptr; };
    unnested_list list;  // compared with that of the other columns once all is known
    binder b(names_.names, found_, inside_ != nullptr ? binder::aggregate_binder(any) : nullptr,
             names_.unnest ? &list : nullptr);
    static_cast<void>(b.bind(s));
  }

  const partial_scope& names_;
  const partial_scope* inside_;
  problems& found_;
};

/// `whole`: binds the text as it is where all of it is settled.
template<class Whole>
partial_result check_text(std::string_view text, const partial_scope& names, Whole whole) {
  auto s = parse(text, names.names.columns);
  if (!s)
    return {std::move(s.error()), std::nullopt};
  partial_result out;
  walker w(names, nullptr, out.found);
  if (!w.settled(*s)) {
    w.check(*s);
    return out;
  }
  auto bound = whole();
  if (bound)
    out.type = bound->type;
  else
    out.found = std::move(bound.error());
  return out;
}

}  // namespace

partial_result check_value(std::string_view text, const partial_scope& names) {
  unnested_list list;
  return check_text(text, names, [&] {
    return names.unnest ? bind_unnesting(text, names.names, list) : expression::bind(text, names.names);
  });
}

partial_result check_condition(std::string_view text, const partial_scope& names) {
  return check_text(text, names, [&] { return bind_condition(text, names.names); });
}

partial_result check_aggregate(std::string_view text, const partial_scope& input) {
  auto s = parse(text, input.names.columns);
  if (!s)
    return {std::move(s.error()), std::nullopt};
  partial_result out;
  const bool aggregate = s->what == form::call && is_aggregate(s->text);
  if (!aggregate || !walker(input, nullptr, out.found).settled(*s)) {
    // a scope in which no name outside is known
    const partial_scope around{{nullptr, input.names.now_refused}, {}, false};
    walker(around, &input, out.found).check(*s);
    return out;
  }
  auto a = bind_aggregate(text, input.names);
  if (a)
    out.type = a->result;
  else
    out.found = std::move(a.error());
  return out;
}

partial_result check_having(std::string_view text, const partial_scope& output, const partial_scope& input) {
  auto s = parse(text, output.names.columns);
  if (!s)
    return {std::move(s.error()), std::nullopt};
  partial_result out;
  walker w(output, &input, out.found);
  w.check(*s);
  if (!out.found.empty() || !w.settled(*s))
    return out;
  if (auto whole = bind_condition(text, output.names); !whole)
    out.found = std::move(whole.error());
  return out;
}

}  // namespace millrace::expression
