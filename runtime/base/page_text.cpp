#include "runtime/base/page_text.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace millrace {
namespace {

/// The length of "- " or "1. ", which begins an entry of a list; 0: the line begins none.
std::size_t mark_of(std::string_view text) {
  if (text.starts_with("- "))
    return 2;
  const auto digits = std::ranges::find_if_not(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  const auto at = static_cast<std::size_t>(digits - text.begin());
  return at != 0 && text.substr(at).starts_with(". ") ? at + 2 : 0;
}

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// Blanks part words, but not within backquotes. A page breaks only there.
std::vector<std::string> words_of(const std::vector<std::string_view>& lines) {
  std::vector<std::string> out;
  bool is_code = false;
  for (const auto line : lines) {
    bool is_new = !is_code;
    for (const char c : line) {
      if (c == '`')
        is_code = !is_code;
      if (c == ' ' && !is_code) {
        is_new = true;
        continue;
      }
      if (is_new || out.empty())
        out.emplace_back();
      is_new = false;
      out.back() += c;
    }
    if (is_code)
      out.back() += ' ';
  }
  return out;
}

/// Such a word at the beginning of a line would begin a list, a heading, a table or a quotation.
bool may_begin_line(std::string_view word) {
  return mark_of(std::string(word) + ' ') == 0 &&
         std::string_view("#|><").find(word.front()) == std::string_view::npos;
}

class page {
public:
  explicit page(std::size_t width) : width_(width) {}

  void add(std::string_view line) {
    const auto text = line.substr(indent_of(line));
    if (text.starts_with("```")) {
      in_code_ = !in_code_;
      take(line);
    } else if (in_code_ || text.empty() ||
               std::string_view("#|<").find(text.front()) != std::string_view::npos ||
               (indent_of(line) >= 4 && paragraph_.empty())) {
      take(line);
    } else {
      if (mark_of(text) != 0)
        end_paragraph();
      paragraph_.push_back(line);
    }
  }
  [[nodiscard]] std::string text() {
    end_paragraph();
    return std::move(out_);
  }

private:
  void take(std::string_view line) {
    end_paragraph();
    (out_ += line) += '\n';
  }
  void end_paragraph() {
    if (std::ranges::all_of(paragraph_, [&](auto line) { return line.size() <= width_; }))
      for (const auto line : paragraph_)
        (out_ += line) += '\n';
    else
      fill();
    paragraph_.clear();
  }
  void fill() {
    const auto indent = indent_of(paragraph_.front());
    const auto mark = mark_of(paragraph_.front().substr(indent));
    auto line = std::string(paragraph_.front().substr(0, indent + mark));
    paragraph_.front().remove_prefix(indent + mark);
    bool is_first = true;
    for (const auto& word : words_of(paragraph_)) {
      if (!is_first && line.size() + 1 + word.size() > width_ && may_begin_line(word)) {
        (out_ += line) += '\n';
        line = std::string(indent + mark, ' ') + word;
      } else {
        (line += is_first ? "" : " ") += word;
      }
      is_first = false;
    }
    (out_ += line) += '\n';
  }

  std::size_t width_;
  bool in_code_ = false;
  std::vector<std::string_view> paragraph_;
  std::string out_;
};

}  // namespace

std::string wrapped_page(std::string_view markdown, std::size_t width) {
  page out(width);
  while (!markdown.empty()) {
    const auto end = std::min(markdown.find('\n'), markdown.size());
    out.add(markdown.substr(0, end));
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
  }
  return out.text();
}

}  // namespace millrace
