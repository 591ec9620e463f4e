#include "config/text/report.hpp"

#include "runtime/base/edit_distance.hpp"
#include "runtime/base/markup.hpp"
#include "runtime/base/percent.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace millrace::config {
namespace {

/// Longer names are never compared: the table would be quadratic in what a stranger wrote.
constexpr std::size_t longest_compared = 64;
constexpr std::size_t most_listed = 24;
constexpr std::size_t shortest_part = 4;
/// Shorter values (a port, "on") are in every other line: hiding them would hide the line.
constexpr std::size_t shortest_secret = 4;

std::string in_json(std::string_view text) {
  std::string out;
  data::append_json_string(out, text);
  return out.substr(1, out.size() - 2);
}

}  // namespace

std::string to_string(const finding& f) {
  std::string out = f.where.file;
  if (f.where.line > 0)
    out += fmt::format(":{}:{}", f.where.line, f.where.column);
  if (!f.path.empty())
    out += (out.empty() ? "" : ": ") + f.path;
  return visible(out + (f.warning ? ": warning: " : ": ") + f.message);
}

void report::error(location where, std::string path, std::string message) {
  add({std::move(where), std::move(path), std::move(message), false});
  ++errors_;
}

void report::warning(location where, std::string path, std::string message) {
  add({std::move(where), std::move(path), std::move(message), true});
}

void report::add(finding f) {
  places_.emplace(f.where.file, f.where.line, f.where.column);
  findings_.push_back(std::move(f));
}

/// A password that a URI holds encoded is used decoded, and the other way round; JSON, XML and our own log escape some
/// characters.
void report::secret_list::add(const std::string& value, const std::string& shown) {
  for (auto& form :
       {value, percent_decoded(value), percent_encoded(value, true), percent_encoded(value, false),
        visible(value), in_json(value), in_json(visible(value)), in_markup(value)})
    if (form.size() >= shortest_secret && known.insert(form).second)
      all.push_back({form, shown});
}

void report::keep_secret(const std::string& value, const std::string& shown) { secrets_.add(value, shown); }

void report::keep_variable(const std::string& path, std::string name, std::string value) {
  variables_at_.emplace(path, variables_.size());
  variables_.push_back({std::move(name), std::move(value)});
}

void report::show_variables(const std::string& path, const std::vector<std::string>& hidden) {
  // The environment has few values, however often a text names them.
  std::map<std::string_view, bool> overlapping;
  const auto overlaps = [&](const std::string& value) {
    const auto [at, is_new] = overlapping.emplace(value, false);
    if (is_new)
      at->second = std::any_of(hidden.begin(), hidden.end(), [&](const std::string& h) {
        return h.find(value) != std::string::npos || value.find(h) != std::string::npos;
      });
    return at->second;
  };
  const auto show = [&](const std::string& from, const std::string& to) {
    const auto end = variables_at_.lower_bound(to);
    for (auto at = variables_at_.lower_bound(from); at != end; ++at) {
      auto& v = variables_[at->second];
      // PWD is the working directory.
      const bool named = names_a_secret(v.name) && v.name != "PWD" && v.name != "OLDPWD";
      if (!named && !overlaps(v.value))
        v.shown = true;
    }
  };
  // The path itself, and those beneath it: a dot or a bracket follows.
  show(path, path + '\0');
  show(path + '.', path + '/');
  show(path + '[', path + '\\');
}

bool report::tells_of(const location& where) const {
  return places_.contains({where.file, where.line, where.column});
}

bool report::knows_references(const std::string& path) const { return references_.contains(path); }

std::vector<secret> report::secrets() const {
  auto out = secrets_;
  for (const auto& v : variables_)
    if (!v.shown)
      out.add(v.value, "${" + v.name + "}");
  return std::move(out.all);
}

std::vector<finding> report::take(const std::vector<std::string>& files) {
  const auto rank = [&](const finding& f) {
    const auto at = std::find(files.begin(), files.end(), f.where.file);
    return at == files.end() ? 0 : at - files.begin() + 1;
  };
  std::stable_sort(findings_.begin(), findings_.end(), [&](const finding& a, const finding& b) {
    return std::tuple(rank(a), a.where.line, a.where.column) <
           std::tuple(rank(b), b.where.line, b.where.column);
  });
  const redaction hidden(secrets());
  for (auto& f : findings_)
    f.message = hidden.of(f.message);
  return std::move(findings_);
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.empty() || wrong.size() > longest_compared)
    return {};
  const std::string* best = nullptr;
  auto best_distance = std::max<std::size_t>(1, (wrong.size() + 1) / 3) + 1;
  for (const auto& name : known) {
    if (name.size() > longest_compared)
      continue;
    if (const auto d = edit_distance(wrong, name); d < best_distance && d < name.size()) {
      best = &name;
      best_distance = d;
    }
  }
  // A name that was cut short, or has additions at either end, is close however long the rest is.
  if (best == nullptr && wrong.size() >= shortest_part)
    for (const auto& name : known)
      if (best == nullptr && (name.starts_with(wrong) || name.ends_with(wrong)))
        best = &name;
  return best ? fmt::format("; did you mean \"{}\"?", *best) : std::string{};
}

std::string one_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == most_listed)
      return out + " ...";
    if (i > 0)
      out += i + 1 == names.size() ? " or " : ", ";
    out += '"' + names[i] + '"';
  }
  return out;
}

std::string join(std::string_view path, std::string_view name) {
  if (path.empty() || name.empty())
    return std::string(path.empty() ? name : path);
  return fmt::format("{}.{}", path, name);
}

}  // namespace millrace::config
