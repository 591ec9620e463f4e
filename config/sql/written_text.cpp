#include "config/sql/written_text.hpp"

#include "runtime/data/quoted.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::config {

written_text::written_text(std::string text, const node& from, std::string path, bool as_it_is)
    : text_(std::move(text)) {
  origins_.push_back({0, text_.size(), &from, std::move(path), as_it_is});
}

written_text& written_text::operator+=(const written_text& more) {
  for (auto o : more.origins_) {
    o.begin += text_.size();
    o.end += text_.size();
    origins_.push_back(std::move(o));
  }
  text_ += more.text_;
  return *this;
}

void written_text::note(const node& from, std::string path) {
  origins_.push_back({0, text_.size(), &from, std::move(path), false});
}

const written_text::origin* written_text::at(std::size_t offset) const {
  const origin* found = nullptr;
  for (const auto& o : origins_)
    if (o.begin <= offset && offset <= o.end &&
        (found == nullptr || o.end - o.begin < found->end - found->begin))
      found = &o;
  return found;
}

written_text listed(const written_items& items, std::size_t width, std::size_t indent,
                    std::string_view before, std::string_view behind) {
  const auto whole =
      std::accumulate(items.begin(), items.end(), width + before.size() + behind.size(),
                      [](std::size_t sum, const written_text& item) { return sum + item.text().size() + 2; });
  const bool has_lines = std::ranges::any_of(
      items, [](const written_text& item) { return item.text().find('\n') != std::string::npos; });
  const bool fits = whole <= widest_line && !has_lines;
  const auto line = "\n" + std::string(indent, ' ');
  if (!fits)
    before = before.substr(0, before.find_last_not_of(' ') + 1);
  written_text out{before};
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0)
      out += fits ? ", " : ",";
    if (!fits)
      out += line;
    out += items[i];
  }
  if (!fits && !behind.empty())
    out += "\n" + std::string(indent >= 2 ? indent - 2 : 0, ' ');
  out += behind;
  return out;
}

std::string text_literal(std::string_view text) { return data::in_quotes(text, '\''); }

}  // namespace millrace::config
