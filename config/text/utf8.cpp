#include "config/text/utf8.hpp"

namespace millrace::config {
namespace {

struct form {
  std::size_t length;
  unsigned char low;  // bounds of the second byte
  unsigned char high;
};

form form_of(unsigned char lead) {
  if (lead < 0x80)
    return {1, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF)
    return {2, 0x80, 0xBF};
  if (lead == 0xE0)
    return {3, 0xA0, 0xBF};
  if (lead == 0xED)
    return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF)
    return {3, 0x80, 0xBF};
  if (lead == 0xF0)
    return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3)
    return {4, 0x80, 0xBF};
  if (lead == 0xF4)
    return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto f = form_of(static_cast<unsigned char>(bytes[i]));
    if (f.length == 0 || i + f.length > bytes.size())
      return i;
    for (std::size_t k = 1; k < f.length; ++k) {
      const auto c = static_cast<unsigned char>(bytes[i + k]);
      if (c < (k == 1 ? f.low : 0x80) || c > (k == 1 ? f.high : 0xBF))
        return i;
    }
    i += f.length;
  }
  return std::nullopt;
}

}  // namespace millrace::config
