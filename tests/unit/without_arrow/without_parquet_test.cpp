// A build without Arrow: `check` and the sink say so in one sentence with a remedy.
#include "actors/connectors/parquet/sink/local_folder.hpp"
#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "actors/connectors/parquet/sink/parquet_sink.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {

TEST_CASE("A build without Arrow finds a parquet sink wrong, once, and says what to do") {
  config::values options;
  options.set("path", std::string(), {});  // wrong, too: but nothing else matters
  std::vector<std::string> said;
  parquet_sink_declaration().check({options, nullptr}, [&](std::string_view option, std::string message) {
    said.push_back(std::string(option) + ": " + message);
  });
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], Catch::StartsWith(": this build of millrace has no Parquet"));
  CHECK_THAT(said[0], Catch::Contains("run tools/arrow and build again"));
  CHECK_FALSE(has_parquet());
  CHECK(open_parquet_file(nullptr, {}, compression::none, {}).error().message == no_parquet());
  const auto any = local_folder(".", false)->open("CMakeLists.txt").value();
  CHECK(columns_of(*any, "x").error().code == ec::unsupported);
}

}  // namespace millrace::sink
