#include "config/text/reader.hpp"

#include "config/text/other_language.hpp"
#include "config/text/tokens.hpp"
#include "config/text/utf8.hpp"
#include "runtime/data/json_events.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <memory>

namespace millrace::config {
namespace {

namespace json = boost::json;

/// Builds the tree from Boost.JSON's events. Each event belongs to the next token that is no punctuation.
class tree_handler : public data::json_events<tree_handler> {
public:
  tree_handler(const std::vector<token>& tokens, const line_table& lines, const std::string& file)
      : tokens_(tokens), lines_(lines), file_(file) {}
  [[nodiscard]] node& root() { return root_; }

  bool on_object_begin(json::error_code&) { return open(node::kind::map); }
  bool on_array_begin(json::error_code&) { return open(node::kind::list); }
  bool on_object_end(std::size_t, json::error_code&) { return close(); }
  bool on_array_end(std::size_t, json::error_code&) { return close(); }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return part(s); }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    part(s);
    const auto& t = next();
    open_.back()->members.push_back({std::move(part_), location_of(t), {}});
    part_.clear();
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return part(s); }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    part(s);
    auto& n = add(node::kind::text);
    n.text = std::move(part_);
    part_.clear();
    return true;
  }
  bool on_bool(bool v, json::error_code&) {
    add(node::kind::boolean).flag = v;
    return true;
  }
  bool on_null(json::error_code&) {
    add(node::kind::null);
    return true;
  }
  bool number(std::string digits) {
    add(node::kind::number).text = std::move(digits);
    return true;
  }

private:
  bool part(json::string_view s) {
    part_.append(s.data(), s.size());
    return true;
  }
  const token& next() {
    static const token none;
    const auto is_value = [](const token& t) {
      return t.what == token::kind::text || t.what == token::kind::word || t.what == token::kind::open;
    };
    while (at_ < tokens_.size() && !is_value(tokens_[at_]))
      ++at_;
    return at_ < tokens_.size() ? tokens_[at_++] : none;
  }
  [[nodiscard]] location location_of(const token& t) const {
    const auto [line, column] = lines_.at(t.begin);
    return {file_, line, column};
  }
  node& add(node::kind what) {
    const auto& t = next();
    node* target = &root_;
    if (!open_.empty()) {
      auto& parent = *open_.back();
      target = parent.is_map() ? &parent.members.back().value : &parent.items.emplace_back();
    }
    target->what = what;
    target->where = location_of(t);
    target->escaped = t.escaped;
    return *target;
  }
  bool open(node::kind what) {
    open_.push_back(&add(what));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::vector<token>& tokens_;
  const line_table& lines_;
  const std::string& file_;
  std::size_t at_ = 0;
  node root_;
  std::vector<node*> open_;  // an open node's parent does not grow, so these stay valid
  std::string part_;
};

/// Longer ones are a mistake. They stand in the path of each member beneath them, which would cost their product.
constexpr std::size_t longest_key = 1'000;

/// Refuses keys that are there twice. Returns false where one is too long, and looks no deeper there.
bool check_keys(const node& n, const std::string& path, report& out) {
  bool fit = true;
  std::map<std::string_view, const member*> seen;
  for (const auto& m : n.members) {
    if (m.name.size() > longest_key) {
      out.error(m.where, path,
                fmt::format("the key \"{}\" has {} bytes; expected at most {}", data::excerpt(m.name, 60),
                            m.name.size(), longest_key));
      fit = false;
      continue;
    }
    const auto [first, fresh] = seen.emplace(m.name, &m);
    if (!fresh)
      out.error(m.where, join(path, m.name),
                fmt::format("the key \"{}\" is here a second time; expected it once (the first is at {}:{})",
                            m.name, first->second->where.line, first->second->where.column));
    fit = check_keys(m.value, join(path, m.name), out) && fit;
  }
  for (std::size_t i = 0; i < n.items.size(); ++i)
    fit = check_keys(n.items[i], fmt::format("{}[{}]", path, i), out) && fit;
  return fit;
}

}  // namespace

bool is_readable(std::string_view text, const std::string& file, report& out) {
  if (text.size() > largest_file) {
    out.error({file, 0, 0}, {},
              fmt::format("the file has {} bytes; expected a topology of at most {} bytes", text.size(),
                          largest_file));
    return false;
  }
  if (const auto wrong = wrong_encoding(text)) {
    out.error({file, 1, 1}, {}, *wrong);
    return false;
  }
  const auto bad = first_invalid_utf8(text);
  if (!bad)
    return true;
  const auto [line, column] = line_table(text).at(*bad);
  out.error({file, line, column}, {},
            fmt::format("the byte {:#04x} is not UTF-8; expected a file in UTF-8",
                        static_cast<unsigned char>(text[*bad])));
  return false;
}

std::optional<node> read_json(std::string_view text, const std::string& file, report& out) {
  if (!is_readable(text, file, out))
    return std::nullopt;
  const line_table lines(text);
  const auto fail = [&](std::size_t offset, std::string message) {
    const auto [line, column] = lines.at(offset);
    out.error({file, line, column}, {}, std::move(message));
    return std::nullopt;
  };

  const auto tokens = scan_tokens(text);
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  options.max_depth = deepest_nesting;
  json::basic_parser<tree_handler> parser(options, tokens, lines, file);
  json::error_code err;
  const auto read = std::min(parser.write_some(false, text.data(), text.size(), err), text.size());
  if (err == json::error::too_deep)
    return fail(read, fmt::format("maps and lists are nested deeper than {} levels; expected fewer",
                                  deepest_nesting));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(0, "the file is empty; expected a map that begins with '{' (docs/reference.md)");
  if (err || read < text.size()) {
    if (auto other = other_language(text, read_as::json))
      return fail(0, std::move(*other));
    auto wrong = explain_syntax(text, tokens, read);
    return fail(wrong.offset, std::move(wrong.message));
  }
  node root = std::move(parser.handler().root());
  if (!root.is_map()) {
    out.error(
        root.where, {},
        fmt::format("found {}; expected a map that begins with '{{' (docs/reference.md)", describe(root)));
    return std::nullopt;
  }
  if (!check_keys(root, {}, out))
    return std::nullopt;
  return root;
}

std::optional<std::string> read_whole_file(const std::string& file, report& out) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), std::fclose);
  const auto unreadable = [&] {
    out.error({file, 0, 0}, {},
              fmt::format("cannot be read: {}; expected a topology file", std::strerror(errno)));
    return std::nullopt;
  };
  if (!in)
    return unreadable();
  // A block more than allowed tells a file that is too large, without reading all of it.
  constexpr std::size_t block = 64U << 10U;
  std::string text;
  for (auto read = block; read == block && text.size() <= largest_file;) {
    const auto had = text.size();
    text.resize(had + block);
    read = std::fread(text.data() + had, 1, block, in.get());
    text.resize(had + read);
  }
  if (std::ferror(in.get()))
    return unreadable();
  return text;
}

std::optional<node> read_json_file(const std::string& file, report& out) {
  const auto text = read_whole_file(file, out);
  return text ? read_json(*text, file, out) : std::nullopt;
}

}  // namespace millrace::config
