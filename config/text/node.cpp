#include "config/text/node.hpp"

#include "config/text/mask.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <algorithm>

namespace millrace::config {
namespace {

/// Longer values are cut in messages: a finding is one line.
constexpr std::size_t longest_shown = 60;

}  // namespace

const member* node::find(std::string_view name) const {
  const auto at =
      std::find_if(members.begin(), members.end(), [&](const member& m) { return m.name == name; });
  return at == members.end() ? nullptr : &*at;
}

member* node::find(std::string_view name) {
  return const_cast<member*>(static_cast<const node*>(this)->find(name));
}

boost::json::value to_json(const node& n) {
  switch (n.what) {
  case node::kind::null:
    return nullptr;
  case node::kind::boolean:
    return n.flag;
  case node::kind::number:
    return data::number_of_digits(n.text);
  case node::kind::text:
    return boost::json::string(n.text);
  case node::kind::list: {
    boost::json::array out;
    for (const auto& item : n.items)
      out.push_back(to_json(item));
    return out;
  }
  case node::kind::map: {
    boost::json::object out;
    for (const auto& m : n.members)
      out[m.name] = to_json(m.value);
    return out;
  }
  }
  return nullptr;
}

std::string describe(const node& n) {
  switch (n.what) {
  case node::kind::null:
    return "null";
  case node::kind::boolean:
    return n.flag ? "true" : "false";
  case node::kind::number:
    return n.text.substr(0, longest_shown);
  case node::kind::text: {
    std::string out;
    data::append_json_string(out, data::excerpt(mask_passwords(n.safe_text()), longest_shown));
    return out;
  }
  case node::kind::list:
    return "a list";
  case node::kind::map:
    return "a map";
  }
  return {};
}

location location_in_text(const node& n, std::size_t offset) {
  location out = n.where;
  if (n.escaped || n.filled || offset > n.text.size())
    return out;
  out.column += n.bare ? 0 : 1;  // the quote
  std::size_t from = 0;
  const auto behind = std::ranges::upper_bound(n.moved, offset, {}, &moved_part::at);
  if (behind != n.moved.begin()) {
    const auto& part = *(behind - 1);
    out = part.where;
    if (part.whole)
      return out;
    from = part.at;
  }
  for (auto i = from; i < offset; ++i) {
    if (n.bare && n.text[i] == '\n') {
      ++out.line;
      out.column = 1;
    } else {
      out.column += (static_cast<unsigned char>(n.text[i]) & 0xC0U) != 0x80U;
    }
  }
  return out;
}

}  // namespace millrace::config
