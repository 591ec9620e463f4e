// Arbitrary text as a timestamp, and a pattern with a text: no crash, all that is read is written and read
// back as itself, the parsers' way over a remembered day says what the reader says, and the pattern that is
// read at fixed places says what the same one says read step by step.
#include "runtime/base/time.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

namespace {

using namespace millrace;
using fuzz::require;

void as_timestamp(const std::string& text) {
  std::int64_t t = 0;
  if (expression::read_timestamp(text, true, t) != expression::reading::ok)
    return;
  // a zone can move the ends of the calendar out of it
  if (t >= -62'135'596'800'000'000 && t <= 253'402'300'799'999'999)
    require(expression::parse_timestamp(format_timestamp(t)) == t,
            "a timestamp is read back: " + format_timestamp(t));
  std::string written;
  expression::write_timestamp(written, t, true);
  std::int64_t again = 0;
  require(expression::read_timestamp(written, true, again) == expression::reading::ok && again == t,
          "a written timestamp is read back: " + written);
}

void as_interval(const std::string& text) {
  expression::interval_value v{}, again{};
  if (expression::read_interval(text, v) != expression::reading::ok)
    return;
  std::string written;
  expression::write_interval(written, v);
  std::string twice;
  require(expression::read_interval(written, again) == expression::reading::ok,
          "an interval is read back: " + written);
  expression::write_interval(twice, again);
  require(twice == written, "an interval is written as it was: " + written + ", " + twice);
}

/// Parses with a memory that has read nothing.
std::optional<event_micros> parse(const expression::timestamp_pattern& pattern, const std::string& text,
                                  bool trailing_ignored) {
  day_memory none;
  return pattern.parse(text, trailing_ignored, none);
}

/// A zone without changes of clocks is a distance from UTC.
void in_a_zone(const expression::timestamp_pattern& pattern, const std::string& text) {
  static const auto* const seven_ahead = expression::find_zone("Etc/GMT-7");
  if (pattern.reads().zone || pattern.reads().instant || seven_ahead == nullptr)
    return;
  day_memory none;
  const auto utc = parse(pattern, text, false), local = pattern.parse(text, false, none, seven_ahead);
  require(utc.has_value() == local.has_value() && (!utc || *utc - 7 * expression::hour_micros == *local),
          "a zone moves the time alone");
}

void by_pattern(const expression::timestamp_pattern& pattern, const std::string& text) {
  const auto whole = parse(pattern, text, false);
  require(!whole || parse(pattern, text, true) == whole, "a whole text is also one with nothing behind it");
  // a digit could belong to the last number
  require(!whole || parse(pattern, text + "|", true) == whole, "what follows does not change what was read");
}

void at_fixed_places(const std::string& text) {
  static const auto fixed = expression::timestamp_pattern::compile("%Y-%m-%d %H:%M:%S");
  static const auto by_steps = expression::timestamp_pattern::compile("%Y-%m-%d %H:%M:%S%%");
  static day_memory day;  // remembers earlier inputs
  require(parse(*fixed, text, false) == parse(*by_steps, text + "%", false),
          "a pattern means the same however it is read");
  require(fixed->parse(text, false, day) == parse(*fixed, text, false),
          "a day that is remembered changes nothing");
  const auto as_ever = expression::parse_timestamp(text), remembered = expression::parse_timestamp(text, day);
  require(as_ever ? remembered && *as_ever == *remembered : !remembered, "nor does it in ISO 8601");
  static const auto* const paris = expression::find_zone("Europe/Paris");
  const auto local = expression::parse_timestamp(text, paris),
             fast = expression::parse_timestamp(text, day, paris);
  require(local ? fast && *local == *fast : !fast, "nor does it by the clocks of a zone");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = fuzz::sections(data, size);
  as_timestamp(texts[0]);
  as_interval(texts[0]);
  at_fixed_places(texts[0]);
  const auto pattern = expression::timestamp_pattern::compile(texts[0]);
  require(pattern || !pattern.error().message.empty(), "a pattern that is refused has a reason");
  if (pattern && texts.size() > 1) {
    by_pattern(*pattern, texts[1]);
    in_a_zone(*pattern, texts[1]);
  }
  return 0;
}
