#include "config/text/report.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tuple>

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

std::string in_markup(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

/// Adds a secret in the forms in which a program may print it: a password that a URI holds encoded is used
/// decoded, and the other way round; JSON, XML and our own log escape some characters.
void add_secret(std::vector<secret>& out, const std::string& value, const std::string& shown) {
  for (auto& form :
       {value, percent_decoded(value), percent_encoded(value, true), percent_encoded(value, false),
        visible(value), in_json(value), in_json(visible(value)), in_markup(value)})
    if (form.size() >= shortest_secret &&
        std::none_of(out.begin(), out.end(), [&](const secret& s) { return s.value == form; }))
      out.push_back({form, shown});
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool is_beneath(std::string_view path, std::string_view above) {
  return path.starts_with(above) &&
         (path.size() == above.size() || path[above.size()] == '.' || path[above.size()] == '[');
}

/// Edits between two names, case left out; a swap of neighbours is one edit.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
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

void report::keep_secret(const std::string& value, const std::string& shown) {
  add_secret(secrets_, value, shown);
}

void report::keep_variable(std::string path, std::string name, std::string value) {
  variables_.push_back({std::move(path), std::move(name), std::move(value)});
}

void report::show_variables(const std::string& path, const std::vector<std::string>& hidden) {
  for (auto& v : variables_) {
    const bool overlaps = std::any_of(hidden.begin(), hidden.end(), [&](const std::string& h) {
      return h.find(v.value) != std::string::npos || v.value.find(h) != std::string::npos;
    });
    // PWD is the working directory.
    const bool named = names_a_secret(v.name) && v.name != "PWD" && v.name != "OLDPWD";
    if (is_beneath(v.path, path) && !overlaps && !named)
      v.shown = true;
  }
}

bool report::tells_of(const location& where) const {
  return std::ranges::any_of(findings_, [&](const finding& f) {
    return f.where.line == where.line && f.where.column == where.column && f.where.file == where.file;
  });
}

bool report::knows_references(std::string_view path) const {
  return std::ranges::any_of(references_, [&](const std::string& known) { return is_beneath(path, known); });
}

std::vector<secret> report::secrets() const {
  auto out = secrets_;
  for (const auto& v : variables_)
    if (!v.shown)
      add_secret(out, v.value, "${" + v.name + "}");
  return out;
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
  const auto hidden = secrets();
  for (auto& f : findings_)
    f.message = redact(std::move(f.message), hidden);
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
    if (const auto d = distance(wrong, name); d < best_distance && d < name.size()) {
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
