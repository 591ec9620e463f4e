// A timestamp's text as PostgreSQL takes it apart, before it asks what each part means: blanks and punctuation
// only separate, letters are folded. timestamp_text.cpp reads the parts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::expression {

enum class timestamp_word : std::uint8_t {
  none,
  month,
  weekday,
  half_of_day,
  era,
  filler,
  time_follows,
  refused
};
struct timestamp_keyword {
  timestamp_word is = timestamp_word::none;
  int value = 0;  // 1 to 12 of a month, 0 am, 1 pm, 0 ad, 1 bc
};
/// Takes lower case. `refused`: the words that PostgreSQL knows and we do not offer, such as now and infinity.
[[nodiscard]] timestamp_keyword timestamp_keyword_of(std::string_view word);

class timestamp_tokens {
public:
  enum class kind : std::uint8_t {
    number,  // 20210424, 2021.114
    date,    // 2021-04-24, 24-apr-2021, america/new_york, 195500-07
    time,    // 19:55:00.796
    offset,  // +07:00
    word     // apr, cet
  };
  struct token {
    kind is;
    std::string_view text;  // of this object
  };

  /// False: no timestamp has these characters, or so many.
  [[nodiscard]] bool split(std::string_view s);
  /// Until the next split, at the most 25.
  [[nodiscard]] std::span<const token> all() const { return {tokens_.data(), count_}; }

private:
  // False: the bytes do not suffice.
  bool take_one();
  template<class Fits>
  bool take_while(Fits fits);
  bool take_number(kind& out);
  bool take_word(kind& out);

  // PostgreSQL's limits: 128 bytes, 25 parts, and an end a part.
  std::array<char, 153> bytes_{};
  std::array<token, 25> tokens_{};
  std::size_t used_ = 0;
  std::size_t count_ = 0;
  std::string_view rest_;
};

}  // namespace millrace::expression
