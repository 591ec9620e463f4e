// Arbitrary text as a timestamp, and as a pattern with its text: no crash, and whatever is read is written
// and read back as itself.
#include "runtime/base/time.hpp"
#include "runtime/base/timestamp_pattern.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  if (const auto t = parse_timestamp(all)) {
    const auto text = format_timestamp(*t);
    // a zone can move the ends of the calendar out of it
    if (*t >= -62'135'596'800'000'000 && *t <= 253'402'300'799'999'999 && parse_timestamp(text) != *t)
      std::abort();
  }
  const auto cut = all.find('\n');
  const auto pattern = timestamp_pattern::compile(all.substr(0, cut));
  if (!pattern || cut == std::string_view::npos)
    return 0;
  const auto text = all.substr(cut + 1);
  const auto whole = pattern->parse(text, false);
  if (whole && pattern->parse(text, true) != whole)
    std::abort();
  const auto with_tail = pattern->parse(std::string(text) + "|", true);
  if (whole && with_tail != whole)
    std::abort();
  return 0;
}
