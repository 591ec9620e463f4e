// A source that is never at its log's end, as under a steady load, and has handed over what it had: the rows
// do not wait for what comes next.
#include "tests/support/chunk_of.hpp"
#include "tests/support/fake_reader.hpp"
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>
#include <thread>

using namespace millrace;
using millrace::test::pipeline_fixture;
using namespace std::chrono_literals;

namespace {

constexpr int records = 10;

/// Some records, `drained`; then nothing, while it is asked, until `arrived` says that they have come
/// through.
class held_reader final : public test::fake_reader {
public:
  held_reader(std::function<bool()> arrived, std::shared_ptr<std::atomic<bool>> in_time)
      : arrived_(std::move(arrived)), in_time_(std::move(in_time)) {}
  void interrupt() override { interrupted_ = true; }
  std::optional<source::chunk> give() override {
    std::vector<std::string> lines;
    for (auto i = at_; i < records; ++i)
      lines.push_back(fmt::format("{{\"n\":{}}}", i));
    auto c = test::chunk_of("0", at_, lines);
    if (at_ == 0) {
      c.drained = true;
    } else {
      for (const auto until = std::chrono::steady_clock::now() + 20s;
           !*in_time_ && !interrupted_ && std::chrono::steady_clock::now() < until;
           std::this_thread::sleep_for(1ms))
        *in_time_ = arrived_();
      c.at_end = true;
    }
    at_ = records;
    return c;
  }

private:
  std::function<bool()> arrived_;
  std::shared_ptr<std::atomic<bool>> in_time_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace

TEST_CASE("a frame does not wait for what a drained source has yet to fetch") {
  pipeline_fixture f("millrace-drained");
  f.write("in.jsonl", "");
  f.write("topology.json", fmt::format(R"json({{
    "millrace": 1, "topology": "drained", "commit_every": "0 s",
    "stages": {{
      "numbers": {{ "source": "file", "path": "{0}/in.jsonl" }},
      "parsed": {{ "parser": "json", "from": "numbers", "schema": {{ "n": "bigint" }} }},
      "rows": {{ "sink": "file", "from": "parsed", "path": "{0}/rows.jsonl" }}
    }} }})json",
                                       f.path("")));
  f.load("topology.json");
  const auto in_time = std::make_shared<std::atomic<bool>>(false);
  f.use_readers([&f, in_time](const config::stage&, const source::wants&,
                              const connector_context&) -> expected<std::unique_ptr<source::reader>> {
    return std::make_unique<held_reader>([&f] { return f.lines("rows.jsonl").size() == records; }, in_time);
  });
  f.start();
  REQUIRE(f.ended_within(60s));
  CHECK(f.end().finished);
  CHECK(*in_time);
  CHECK(f.lines("rows.jsonl").size() == records);
}
