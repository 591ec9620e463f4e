#include "config/plan/null_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <optional>
#include <utility>

namespace millrace::config {
namespace {

struct hidden_column {
  std::string_view name;
  std::string_view holds;
};
constexpr std::array<hidden_column, 4> sometimes_null{{{"_key", "keys"},
                                                       {"_timestamp", "timestamps"},
                                                       {"_timestamp_type", "timestamps"},
                                                       {"_headers", "headers"}}};
using given_columns = std::bitset<sometimes_null.size()>;

bool is_part_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where the text names the column; a literal in it does not.
std::optional<std::size_t> find_name(std::string_view text, std::string_view name) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto behind = at + name.size();
    if ((at == 0 || !is_part_of_name(text[at - 1])) &&
        (behind == text.size() || !is_part_of_name(text[behind])) &&
        std::ranges::count(text.substr(0, at), '\'') % 2 == 0)
      return at;
  }
  return std::nullopt;
}

/// The first text of a stage that has the name in it.
struct naming {
  location where;
  std::string path;
};
std::optional<naming> find_naming(const node& n, const std::string& path, std::string_view name) {
  if (const auto at = n.is_text() ? find_name(n.text, name) : std::nullopt)
    return naming{location_in_text(n, *at), path};
  for (const auto& item : n.items)
    if (auto found = find_naming(item, path, name))
      return found;
  for (const auto& m : n.members)
    if (auto found = find_naming(m.value, join(path, m.name), name))
      return found;
  return std::nullopt;
}

bool is_used(const draft& d, std::string_view name) {
  const auto* const plan = std::get_if<parser_plan>(&d.built.plan);
  const auto at = plan == nullptr ? std::nullopt : d.built.schema->find(name);
  return at && plan->used[*at];
}

/// An overlay has put another source in the place of the one that its reader was written for.
bool is_laid_over(const draft& source, const draft& reader) {
  const auto file_of = [](const draft& d) {
    const auto* const type = d.member_of(to_string(d.built.kind));
    return type == nullptr ? d.built.where.file : type->where.file;
  };
  return source.built.kind == stage_kind::source && file_of(source) != file_of(reader);
}

given_columns given_by(const draft& d, const drafts& all, const std::vector<given_columns>& upstream) {
  given_columns out;
  if (const auto* const source = std::get_if<source_plan>(&d.built.plan))
    for (std::size_t i = 0; i < sometimes_null.size(); ++i)
      out[i] = gives(*source, sometimes_null[i].name);
  for (const auto r : d.reads)
    out |= is_laid_over(all[r], d) ? given_columns().set() : upstream[r];
  return out;
}

}  // namespace

bool gives(const source_traits& source, std::string_view hidden) {
  if (hidden == "_key")
    return source.key_type.has_value();
  if (hidden == "_headers")
    return source.gives_again;  // such records are those with headers
  // The spool of standard input keeps when each line was read.
  return (hidden != "_timestamp" && hidden != "_timestamp_type") || source.stores_timestamps ||
         source.is_standard_input;
}

void warn_of_null_columns(const drafts& all, const std::vector<std::size_t>& order, report& out) {
  std::vector<given_columns> given(all.size());
  for (const auto i : order) {
    const auto& d = all[i];
    given[i] = given_by(d, all, given);
    if (d.built.kind == stage_kind::source || d.body == nullptr)
      continue;
    for (std::size_t c = 0; c < sometimes_null.size(); ++c) {
      const auto& [name, holds] = sometimes_null[c];
      if (given[i][c] ||
          std::ranges::none_of(all, [&, &name = name](const auto& p) { return is_used(p, name); }))
        continue;
      if (const auto found = find_naming(*d.body, d.path, name))
        out.warning(found->where, found->path,
                    fmt::format("{} is null in every row here: records of this source have no {}; expected a "
                                "column of the record",
                                name, holds));
    }
  }
}

}  // namespace millrace::config
