#include "runtime/base/display.hpp"

#include <clocale>
#include <cwchar>
#include <locale.h>
#include <wchar.h>

namespace millrace {
namespace {

/// This thread uses C.UTF-8 while it lives; without that locale (not glibc's default) all is counted as
/// narrow.
class utf8_locale {
public:
  utf8_locale() : before_(uselocale(shared())) {}
  ~utf8_locale() { uselocale(before_); }
  utf8_locale(const utf8_locale&) = delete;
  utf8_locale& operator=(const utf8_locale&) = delete;

private:
  static locale_t shared() {
    static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return utf8;
  }
  locale_t before_;
};

/// Takes one character off the front: its bytes and its width.
struct character {
  std::size_t bytes = 1;
  std::size_t width = 1;
};
character next(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first >= 0x20 && first < 0x7F)
    return {};
  wchar_t c = 0;
  std::mbstate_t state{};
  const auto n = std::mbrtowc(&c, text.data(), text.size(), &state);
  if (n == 0 || n > text.size())  // NUL, or not UTF-8
    return {};
  const int width = ::wcwidth(c);
  return {n, width < 0 ? 1 : static_cast<std::size_t>(width)};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  const utf8_locale guard;
  std::size_t width = 0;
  while (!text.empty()) {
    const auto c = next(text);
    width += c.width;
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string_view fitting(std::string_view text, std::size_t columns) {
  const utf8_locale guard;
  std::size_t bytes = 0;
  for (std::size_t width = 0; bytes < text.size();) {
    const auto c = next(text.substr(bytes));
    width += c.width;
    if (width > columns)
      break;
    bytes += c.bytes;
  }
  return text.substr(0, bytes);
}

std::string shorten(std::string text, std::size_t limit) {
  constexpr std::string_view dots = "...";
  if (text.size() <= limit)
    return text;
  const utf8_locale guard;
  std::size_t keep = 0;  // bytes of the first limit - 3 characters
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters) {
    const auto c = next(rest);
    if (characters < limit - dots.size())
      keep += c.bytes;
    rest.remove_prefix(c.bytes);
  }
  if (characters > limit) {
    text.resize(keep);
    text += dots;
  }
  return text;
}

}  // namespace millrace
