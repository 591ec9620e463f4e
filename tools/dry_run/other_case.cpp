#include "tools/dry_run/other_case.hpp"

#include "actors/catalog.hpp"
#include "runtime/base/lower_case.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace millrace::dry_run {
namespace {

class column_search {
public:
  void look(const data::type& type, const boost::json::value& v, const std::string& path) {
    if (type.id() == data::type_id::list && v.is_array())
      for (const auto& element : v.get_array())
        look(type.element(), element, path + "[0]");
    if (type.id() == data::type_id::object && v.is_object())
      look(type.fields(), v.get_object(), path.empty() ? path : path + ".");
  }

  void look(const std::vector<data::field>& fields, const boost::json::object& record,
            const std::string& path) {
    std::multimap<std::string, std::string_view> by_lower;  // filled once a column is missing
    for (const auto& f : fields) {
      auto& column = found_[path + f.name];
      if (const auto* const v = record.if_contains(f.name)) {
        column.is_there = true;
        look(f.type, *v, path + f.name);
        continue;
      }
      if (column.is_there)
        continue;
      if (by_lower.empty())
        for (const auto& m : record)
          by_lower.emplace(lower_case(m.key()), m.key());
      const auto [first, last] = by_lower.equal_range(lower_case(f.name));
      if (first == last)
        continue;
      ++column.in_other_case;
      column.member = first->second;
    }
  }

  void add_warnings(const std::string& parser, std::vector<std::string>& out) const {
    for (const auto& [name, c] : found_)
      if (!c.is_there && c.in_other_case > 0)
        out.push_back(
            fmt::format("{}: column \"{}\" is in no record, and \"{}\" in {}; expected the column to "
                        "be called \"{}\", with its capitals",
                        parser, name, c.member, c.in_other_case, c.member));
  }

private:
  struct column {
    bool is_there = false;
    std::size_t in_other_case = 0;  // records, or elements of lists
    std::string member{};
  };
  std::map<std::string, column> found_;
};

}  // namespace

std::vector<std::string> names_in_other_case(const config::topology& t, const std::vector<arrival>& records) {
  std::vector<std::string> out;
  for (const auto& s : t.stages) {
    const auto* const plan = std::get_if<config::parser_plan>(&s.plan);
    if (plan == nullptr || !connector_of(s).declared.fixed_columns.empty())
      continue;
    std::vector<data::field> declared;
    for (std::size_t i = 0; i < plan->declared; ++i)
      declared.push_back((*s.schema)[i]);
    column_search search;
    for (const auto& r : records) {
      if (!r.record.value ||
          std::ranges::none_of(s.from, [&](const auto& from) { return from.stage == r.source; }))
        continue;
      boost::json::error_code failed;
      const auto v = boost::json::parse(*r.record.value, failed);
      if (!failed && v.is_object())
        search.look(declared, v.get_object(), {});
    }
    search.add_warnings(s.name, out);
  }
  return out;
}

}  // namespace millrace::dry_run
