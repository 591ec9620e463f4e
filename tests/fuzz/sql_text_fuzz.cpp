// Takes arbitrary text as a topology in SQL. Each statement is read, and then the slice of each of its expressions is that expression
// alone, or it is refused with a place inside of the text. Statements do not depend on each other.
#include "tests/fuzz/require.hpp"
#include "tests/support/slices_of_statements.hpp"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = sql::read_statements(text);
  const auto wrong = test::wrong_slice(text, read);
  fuzz::require(wrong.empty(), wrong);
  for (const auto& s : read.all) {
    const auto alone =
        sql::read_statements(std::string_view(text).substr(s.where.begin, s.where.end - s.where.begin));
    fuzz::require(alone.all.size() == 1 && alone.problems.empty() &&
                      alone.all[0].what.index() == s.what.index(),
                  "a statement that is read among others is read alone");
  }
  return 0;
}
