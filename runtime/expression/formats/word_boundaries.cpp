#include "runtime/expression/formats/word_boundaries.hpp"

#include "runtime/expression/formats/character_sets.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <re2/re2.h>
#include <unordered_map>

namespace millrace::expression {
namespace {

constexpr unsigned of_either = pattern_part::of_word | pattern_part::of_no_word;

/// Each different class of a pattern takes milliseconds, and a row may have a pattern of its own.
constexpr std::size_t most_classes = 50;

/// Thrown inside this file only, to leave the walk over a pattern.
struct undecidable {
  std::string why;
};

bool holds_between(char boundary, bool word_before, bool word_after) {
  switch (boundary) {
  case 'm':
    return !word_before && word_after;
  case 'M':
    return word_before && !word_after;
  case 'y':
    return word_before != word_after;
  default:
    return word_before == word_after;
  }
}

bool is_of_one_kind(unsigned set) { return set == pattern_part::of_word || set == pattern_part::of_no_word; }

class boundary_decider {
public:
  boundary_decider(std::string_view text, bool folds) : text_(text) {
    options_.set_log_errors(false);
    options_.set_dot_nl(true);
    options_.set_case_sensitive(!folds);
  }

  word_places decide(pattern_part& pattern) {
    measure(pattern);
    settle(pattern, pattern_part::outside, pattern_part::outside);
    out_.before = edge<true>(pattern);
    out_.after = edge<false>(pattern);
    return std::move(out_);
  }

private:
  /// One boundary that asks for a neighbour of the match.
  struct asking {
    neighbour before;
    neighbour after;
  };

  unsigned taken(const pattern_part& p) {
    const auto [known, is_new] = taken_.try_emplace(p.text, pattern_part::unknown);
    if (!is_new)
      return known->second;
    if (taken_.size() > most_classes)
      throw undecidable{
          fmt::format("beside \\m, \\M, \\y and \\Y it has more than {} different classes", most_classes)};
    if (!all_) {
      all_.emplace();
      words_ = all_->among(re2::RE2(fmt::format("[{}]+", word_characters), options_));
    }
    const auto set = all_->among(re2::RE2(fmt::format("(?:{})+", p.text), options_));
    return known->second = ((set & words_).any() ? pattern_part::of_word : 0U) |
                           ((set & ~words_).any() ? pattern_part::of_no_word : 0U);
  }

  void measure(pattern_part& p) {
    switch (p.is) {
    case pattern_part::kind::character:
      p.first = p.last = p.takes != pattern_part::unknown ? p.takes : taken(p);
      return;
    case pattern_part::kind::beginning:
      p.first = of_either | pattern_part::outside;
      p.last = pattern_part::of_no_word;
      return;
    case pattern_part::kind::end:
      p.first = pattern_part::of_no_word;
      p.last = of_either | pattern_part::outside;
      return;
    case pattern_part::kind::boundary:
      p.may_be_empty = true;
      return;
    case pattern_part::kind::group:
    case pattern_part::kind::repetition:
      break;
    }
    p.may_be_empty = p.may_be_absent;
    for (auto& branch : p.branches) {
      for (auto& inner : branch)
        measure(inner);
      unsigned first = pattern_part::outside;
      for (auto i = branch.rbegin(); i != branch.rend(); ++i)
        first = beside(first, i->first, i->may_be_empty);
      unsigned last = pattern_part::outside;
      for (const auto& inner : branch)
        last = beside(last, inner.last, inner.may_be_empty);
      p.may_be_empty =
          p.may_be_empty || std::all_of(branch.begin(), branch.end(),
                                        [](const pattern_part& inner) { return inner.may_be_empty; });
      p.first |= first & of_either;
      p.last |= last & of_either;
    }
  }

  /// Returns the characters beside a place: those of the near piece, or of what is beyond it where that may be empty.
  static unsigned beside(unsigned beyond, unsigned near, bool may_be_empty) {
    return near | (may_be_empty ? beyond : 0U);
  }

  void settle(pattern_part& p, unsigned left, unsigned right) {
    if (p.is == pattern_part::kind::boundary)
      return settle_boundary(p, left, right);
    if (p.may_be_many) {
      left |= p.last;
      right |= p.first;
    }
    for (auto& branch : p.branches) {
      std::vector<unsigned> rights(branch.size(), right);
      for (auto i = branch.size(); i-- > 1;)
        rights[i - 1] = beside(rights[i], branch[i].first, branch[i].may_be_empty);
      auto before = left;
      for (std::size_t i = 0; i < branch.size(); ++i) {
        settle(branch[i], before, rights[i]);
        before = beside(before, branch[i].last, branch[i].may_be_empty);
      }
    }
  }

  void settle_boundary(const pattern_part& p, unsigned left, unsigned right) {
    const auto choices = [](unsigned set) { return (set & pattern_part::outside) != 0 ? of_either : set; };
    bool always = true;
    bool never = true;
    for (const bool l : {false, true})
      for (const bool r : {false, true}) {
        if ((choices(left) & (l ? pattern_part::of_word : pattern_part::of_no_word)) == 0 ||
            (choices(right) & (r ? pattern_part::of_word : pattern_part::of_no_word)) == 0)
          continue;
        (holds_between(p.boundary, l, r) ? never : always) = false;
      }
    if (always)
      return;
    if (never)
      return out_.never.push_back(p.written);
    asking a{neighbour::any, neighbour::any};
    const bool is_alone = left == pattern_part::outside && right == pattern_part::outside;
    if (is_alone && p.boundary == 'm')
      a = {neighbour::no_word, neighbour::word};
    else if (is_alone && p.boundary == 'M')
      a = {neighbour::word, neighbour::no_word};
    else if (left == pattern_part::outside && is_of_one_kind(right))
      a.before = holds_between(p.boundary, true, right == pattern_part::of_word) ? neighbour::word
                                                                                 : neighbour::no_word;
    else if (right == pattern_part::outside && is_of_one_kind(left))
      a.after = holds_between(p.boundary, left == pattern_part::of_word, true) ? neighbour::word
                                                                               : neighbour::no_word;
    // with the "-" that is asked for, "-" is as long as "--" at the end of a text: RE2 would not know the longest
    if (a.after == neighbour::no_word && left == pattern_part::of_no_word)
      refuse(p, "is offered at a pattern's end only behind characters of words");
    if (a.before == neighbour::any && a.after == neighbour::any)
      refuse(p, "may have a word's character or another on one of its sides; write it beside characters or "
                "classes that "
                "all belong to words, or that never do");
    asking_.emplace(&p, a);
  }

  [[noreturn]] void refuse(const pattern_part& p, std::string_view why) {
    throw undecidable{fmt::format("\\{}, its character {}, {}", p.boundary,
                                  count_characters(text_.substr(0, p.place)) + 1, why)};
  }

  /// Returns the neighbour that a match needs, before it or after it; all its ways have to need the same.
  template<bool Before>
  neighbour edge(const pattern_part& p) {
    if (p.is == pattern_part::kind::boundary) {
      const auto a = asking_.find(&p);
      return a == asking_.end() ? neighbour::any : Before ? a->second.before : a->second.after;
    }
    std::optional<neighbour> out;
    for (const auto& branch : p.branches) {
      const auto needed = Before ? edge_of<Before>(branch.begin(), branch.end())
                                 : edge_of<Before>(branch.rbegin(), branch.rend());
      if (out && *out != needed)
        refuse_choice();
      out = needed;
    }
    if (p.may_be_absent && out.value_or(neighbour::any) != neighbour::any)
      refuse_choice();
    return out.value_or(neighbour::any);
  }

  template<bool Before, class Iterator>
  neighbour edge_of(Iterator begin, Iterator end) {
    auto out = neighbour::any;
    for (auto i = begin; i != end; ++i) {
      const auto needed = edge<Before>(*i);
      if (out != neighbour::any && needed != neighbour::any && out != needed)
        refuse_choice();
      out = needed != neighbour::any ? needed : out;
      if (!i->may_be_empty)
        break;
    }
    return out;
  }

  [[noreturn]] static void refuse_choice() {
    throw undecidable{
        "a word begins or ends at an end of one of its choices and not so of the others; write \\m, \\M, \\y "
        "and \\Y before and after the choice, as in \\m(foo|bar)\\M"};
  }

  std::string_view text_;
  re2::RE2::Options options_;
  std::optional<all_characters> all_;
  characters words_;
  std::unordered_map<const pattern_part*, asking> asking_;
  std::unordered_map<std::string, unsigned> taken_;
  word_places out_;
};

}  // namespace

word_places decide_word_places(pattern_part pattern, std::string_view text, bool folds) {
  try {
    auto out = boundary_decider(text, folds).decide(pattern);
    std::sort(out.never.begin(), out.never.end());
    return out;
  } catch (const undecidable& r) {
    word_places out;
    out.refused = r.why;
    return out;
  }
}

}  // namespace millrace::expression
