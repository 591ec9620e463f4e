#include "tools/console/letters.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace millrace::console {

expected<newest_letters> ask_newest_letters(const remote::ask_function& ask, const std::string& topology) {
  newest_letters out;
  std::optional<std::uint64_t> page = 0;
  std::size_t bytes = 0;
  remote::pages_of_letters pages;
  while (page && out.all.size() < most_letters && bytes < most_letter_bytes) {
    ASSIGN_OR_RETURN(auto a, ask(api::requests::newest_letters{topology, *page}));
    auto& found = std::get<api::answers::dead_letters>(a);
    for (auto& letter : found.letters) {
      if (out.all.size() == most_letters) {
        out.has_more = true;
        break;
      }
      bytes += letter.size();
      out.all.push_back(std::move(letter));
    }
    ASSIGN_OR_RETURN(page, pages.next(*page, found));
  }
  out.has_more = out.has_more || page;
  return out;
}

std::string more_letters(const std::string& topology) {
  return fmt::format("there are more; `millrace letters {}` prints all, the oldest first", visible(topology));
}

}  // namespace millrace::console
