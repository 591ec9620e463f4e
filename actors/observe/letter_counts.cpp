#include "actors/observe/letter_counts.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::observe {
namespace {

std::string text_in(const boost::json::object& o, std::string_view name) {
  const auto* const found = o.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// No letter has it where it is kept.
constexpr std::string_view replayed_member = "replayed";

class letter_counter {
public:
  void count(std::string_view line) {
    boost::json::error_code failed;
    const auto value = boost::json::parse(line, failed);
    const auto* const o = failed ? nullptr : value.if_object();
    if (o == nullptr)
      return;
    ++letters_;
    auto stage = text_in(*o, "stage");
    auto text = text_in(*o, "error");
    if (by_.size() >= most_errors && !by_.contains({stage, text}))
      text.clear();
    auto& one = by_[{stage, text}];
    // The first that is met is the newest.
    if (one.letters++ == 0)
      one = {std::move(stage), std::move(text), 1, text_in(*o, "id"), text_in(*o, "time"), 0};
    one.replayed += o->contains(replayed_member) ? 1 : 0;
  }
  [[nodiscard]] letter_counts result(bool are_all) && {
    letter_counts out{letters_, are_all, {}};
    for (auto& [_, one] : by_)
      out.by_error.push_back(std::move(one));
    std::ranges::stable_sort(out.by_error, std::ranges::greater(), &letters_of_error::letters);
    return out;
  }

private:
  std::uint64_t letters_ = 0;
  std::map<std::pair<std::string, std::string>, letters_of_error> by_;
};

}  // namespace

api::answers::dead_letters marked(api::answers::dead_letters page,
                                  const std::unordered_set<std::string>& replayed) {
  if (replayed.empty())
    return page;
  for (auto& line : page.letters) {
    boost::json::error_code failed;
    const auto value = boost::json::parse(line, failed);
    const auto* const o = failed ? nullptr : value.if_object();
    const auto end = line.rfind('}');
    if (o != nullptr && end != std::string::npos && replayed.contains(text_in(*o, "id")))
      line.insert(end, fmt::format(R"(,"{}":true)", replayed_member));
  }
  return page;
}

expected<letter_counts>
count_letters(const std::function<expected<api::answers::dead_letters>(std::uint64_t)>& page_at) {
  letter_counter all;
  std::size_t bytes = 0;
  std::optional<std::uint64_t> next = 0;
  while (next && bytes < most_counted) {
    ASSIGN_OR_RETURN(const auto page, page_at(*next));
    for (const auto& line : page.letters) {
      all.count(line);
      bytes += line.size();
    }
    next = page.next;
  }
  return std::move(all).result(!next);
}

}  // namespace millrace::observe
