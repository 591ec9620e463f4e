#include "tools/load/http/request_text.hpp"

namespace millrace::load {

std::string filled(const std::string& text, data::member_finder& members, std::string_view padded_record,
                   const std::function<std::string(const std::string&)>& encode) {
  std::string out;
  std::size_t at = 0;
  for (auto open = text.find('{'); open != std::string::npos; open = text.find('{', at)) {
    const auto close = text.find('}', open);
    if (close == std::string::npos)
      break;
    out.append(text, at, open - at);
    if (const auto value = members.find(padded_record, text.substr(open + 1, close - open - 1)))
      out += encode(*value);
    at = close + 1;
  }
  return out.append(text, at);
}

}  // namespace millrace::load
