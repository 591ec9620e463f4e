// Arbitrary texts as a topology file, files laid over it and `--set` arguments, through everything that
// `millrace check` does: a plan or errors, never both; the plan can be shown; and a secret from the
// environment stands neither in the findings nor in what is shown.
#include "actors/catalog.hpp"
#include "config/plan.hpp"
#include "config/text/report.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <deque>

namespace {

using namespace millrace;
using fuzz::require;

// The secret holds signs that URIs must encode: no form of it may be shown.
constexpr const char* secret = "kq7#Zp/9:w%x";
constexpr const char* secret_encoded = "kq7%23Zp%2F9%3Aw%25x";
constexpr std::string_view head_of_secret = "kq7";

void must_not_tell(const std::string& text) {
  require(text.find(secret) == std::string::npos && text.find(secret_encoded) == std::string::npos,
          "no secret is shown: " + text);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("FUZZ_PASSWORD", secret, 1);
  setenv("FUZZ_NAME", "clicks", 1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::deque<fuzz::memory_file> files(3);
  const auto texts = fuzz::sections(data, size);
  config::load_request request;
  std::size_t used = 0;
  bool says_secret = false;
  for (const auto& text : texts) {
    says_secret = says_secret || text.find(head_of_secret) != std::string::npos;
    if (used > 0 && text.starts_with("=")) {
      request.sets.push_back(text.substr(1));
    } else if (used < files.size()) {
      files[used].set(text);
      if (used++ == 0)
        request.file = files[0].path();
      else
        request.overlays.push_back(files[used - 1].path());
    }
  }
  const auto result = config::load(request, connectors());
  bool wrong = false;
  for (const auto& f : result.findings) {
    wrong = wrong || !f.warning;
    const auto text = config::to_string(f);
    require(!text.empty(), "a finding says something");
    if (!says_secret)
      must_not_tell(text);
  }
  require(wrong != result.plan.has_value(), "there is a plan, or at least one error");
  if (!result.plan)
    return 0;
  const auto shown = config::describe_plan(*result.plan);
  require(!shown.empty() && !result.plan->state_fingerprint.empty(), "a plan can be shown and known again");
  if (!says_secret)
    must_not_tell(shown);
  return 0;
}
