// Arbitrary texts as a FILE.test.json and the topology that it names, through everything that `millrace test`
// does: the file is refused with findings, or each of its cases runs to a verdict, the same one each time.
#include "actors/catalog.hpp"
#include "config/text/report.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"
#include "tools/dry_run/judge.hpp"

#include <filesystem>
#include <fstream>

namespace {

using namespace millrace;
using fuzz::require;

/// A folder of this process, which the test file's paths are relative to; gone at the end.
class folder {
public:
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "millrace-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "a folder of its own");
    path_ = name;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << text;
  }
  [[nodiscard]] std::string path(const char* name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

constexpr const char* usual_topology = R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "clicks": { "source": "file", "path": "clicks.jsonl" },
    "parsed": { "parser": "json", "from": "clicks", "event_time": "at", "watermark_delay": "1 minute",
                "schema": { "user": "text", "n": "bigint", "at": "timestamp", "tags": ["text"] } },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"],
                "aggregates": { "many": "count(*)", "total": "sum(n)" } },
    "slow": { "window": "sliding", "size": "1 minute", "slide": "20 s", "from": "parsed", "key": ["user"],
              "aggregates": { "last_n": "last(n)" }, "emit": "updates", "every": "30 s" },
    "screen": { "sink": "console", "from": "counts", "order_by": "many desc" },
    "late": { "sink": "file", "path": "late.jsonl", "from": "counts.late" },
    "changes": { "sink": "file", "path": "changes.jsonl", "from": "slow" }
  }
})json";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const folder place;
  const auto texts = fuzz::sections(data, size);
  place.write("fuzz.test.json", texts[0]);
  place.write("topology.json", texts.size() > 1 ? texts[1] : usual_topology);
  place.write("records.jsonl",
              texts.size() > 2 ? texts[2] : "{\"user\":\"u\",\"at\":\"2021-04-24 19:55:01\"}\n");
  const auto loaded = dry_run::load_tests(place.path("fuzz.test.json"), connectors());
  bool wrong = false;
  for (const auto& f : loaded.findings) {
    wrong = wrong || !f.warning;
    require(!config::to_string(f).empty(), "a finding says something");
  }
  require(wrong != loaded.tests.has_value(), "there are tests, or at least one error");
  if (!loaded.tests)
    return 0;
  for (const auto& c : loaded.tests->cases)
    require(dry_run::judge(loaded.tests->topology, c) == dry_run::judge(loaded.tests->topology, c),
            "a case has one verdict");
  return 0;
}
