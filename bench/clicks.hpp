// Generated click records for the benchmarks: JSON lines of exactly 251 bytes with a dozen fields, 10,000
// users if not told otherwise, up to 30 s out of order, about 500 clicks a second of event time. The same
// seed gives the same bytes on every machine.
#pragma once

#include "runtime/base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace millrace::bench {

inline constexpr std::size_t click_bytes = 251;  // bytes of a click, without the newline

class click_generator {
public:
  explicit click_generator(std::uint64_t seed = 1, std::int64_t users = 10'000)
      : random_(seed), below_{users, 1'000'000, 400, 500, 100, 9, 2, 256, 256, 2, 90, 100, 180, 100} {}

  /// The next record and a newline, appended.
  void append(std::string& out) {
    now_ += pick(5);  // 500 clicks a second: about 15 of a user in 5 minutes
    const auto time = now_ - pick(30'000);
    std::string stamp = format_timestamp(time * 1000);
    stamp.resize(19);  // seconds; the feed writes a blank between date and time
    stamp[10] = ' ';
    // drawn one by one, because the order in which arguments are evaluated differs between compilers
    std::array<std::int64_t, 14> n{};
    for (std::size_t i = 0; i < n.size(); ++i)
      n[i] = pick(below_[i]);
    const auto from = out.size();
    fmt::format_to(std::back_inserter(out),
                   R"({{"userid":"user{:05}","timestamp":"{}.{:03}+0000","id":{},"product":"p-{:06}",)"
                   R"("category":{},"price":{}.{:02},"quantity":{},"device":"{}","ip":"10.0.{}.{}",)"
                   R"("premium":{},"geo":{{"lat":{}.{:02},"lon":-{}.{:02}}},"note":")",
                   n[0], stamp, time % 1000, 1'000'000 + number_, n[1], n[2], n[3], n[4], 1 + n[5],
                   n[6] != 0 ? "desktop" : "mobile", n[7], n[8], n[9] != 0 ? "true" : "false", n[10], n[11],
                   n[12], n[13]);
    out.append(click_bytes - 2 - (out.size() - from), 'x');
    out += "\"}\n";
    ++number_;
  }

private:
  // The standard's distributions differ between libraries, its engines do not.
  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  std::mt19937_64 random_;
  // user, product, category, price (2), quantity, device, ip (2), premium, lat (2), lon (2)
  std::array<std::int64_t, 14> below_;
  std::int64_t now_ = 1'619'294'100'000;  // ms: 2021-04-24 19:55
  std::int64_t number_ = 0;
};

inline std::string clicks(std::size_t count, std::uint64_t seed = 1) {
  std::string out;
  out.reserve(count * (click_bytes + 1));
  click_generator next(seed);
  for (std::size_t i = 0; i < count; ++i)
    next.append(out);
  return out;
}

}  // namespace millrace::bench
